"""A small KMS on a PKCS#11 HSM, every call of which passes the policy engine before it may touch a key.

The rooms, from the ground up: `errors` and `permit`; `store` and `audit`; `hsm`, the one place that talks
PKCS#11; `gate`, `key_material` and `ciphertext`; `service`, one module for each family of operations;
`cli`. Nothing here decides who may do what: that is `policy_engine`.
"""
