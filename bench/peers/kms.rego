# The rules of a role and a key, by action, as data; `rego_data` writes them.
# Globs take null for "no delimiter"; an empty list means the full stop.
# No `every` and no `else`: the virtual machine of regorus 0.9.1 and its interpreter differ on both.
package kms

import rego.v1

rules := data.pairs[input.resource][input.principal][input.action]

default outcome := "implicitDeny"

outcome := "explicitDeny" if denied

outcome := "allowed" if {
	allowed
	not denied
}

denied if {
	some rule in rules.deny
	not fails(rule)
}

allowed if {
	some rule in rules.allow
	not fails(rule)
}

fails(rule) if {
	some test in rule
	not holds(test)
}

holds(test) if {
	test.missing
	not input.context[test.key]
}

holds(test) if {
	not test.negated
	any_matches(test, input.context[test.key])
}

holds(test) if {
	test.negated
	value := input.context[test.key]
	not any_matches(test, value)
}

any_matches(test, value) if {
	some wanted in test.values
	matches(test.kind, wanted, value)
}

matches("equals", wanted, value) if wanted == value

matches("bool", wanted, value) if wanted == value

matches("less", wanted, value) if value < wanted

matches("address", wanted, value) if net.cidr_contains(wanted, value)

matches("like", wanted, value) if glob.match(wanted, null, value)

matches("arn", wanted, value) if glob.match(wanted, [":"], value)
