// Asks iam-simulate what the benchmark asks; the package is used where the user installed it, and is no part of
// this project. One JSON object a line: first the account and the questions, answered with all results; then
// {"count": n}, answered with the nanoseconds of one of the first n questions, the second time that they are asked.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

const [root, entry] = process.argv.slice(2);
const installed = createRequire(path.join(root, "package.json"));
const home = path.join(root, "node_modules/@cloud-copilot/iam-simulate/dist/cjs");

// What the package's own entry calls once its input is validated, with policies and requests made beforehand.
function core(account) {
  const { authorize } = installed(path.join(home, "core_engine/CoreSimulatorEngine.js"));
  const { DiscoveryContextKeyConstraints } = installed(
    path.join(home, "context_keys/discoveryContextKeyConstraints.js"),
  );
  const { AwsRequestImpl } = installed(path.join(home, "request/request.js"));
  const { RequestContextImpl } = installed(path.join(home, "requestContext.js"));
  const { loadPolicy } = installed("@cloud-copilot/iam-policy");
  const load = (document, name) => loadPolicy(document, { name });
  const pairs = account.pairs.map(({ key, role }) => ({
    resourcePolicy: load(account.keys[key], "key"),
    identityPolicies: account.roles[role].map((document, index) => load(document, `identity${index}`)),
  }));
  const simulationParameters = {
    simulationMode: "Strict",
    discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
  };
  const prepared = account.questions.map(({ pair, principal, action, resource, context }) => ({
    ...pairs[pair],
    request: new AwsRequestImpl(
      principal,
      { resource, accountId: account.id },
      action,
      new RequestContextImpl(context),
    ),
    sessionPolicy: undefined,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    permissionBoundaries: undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters,
  }));
  return { prepared, ask: (request) => authorize(request).result };
}

// The package's documented entry, which validates what it is given each time.
function documented(account) {
  const { runSimulation } = installed("@cloud-copilot/iam-simulate");
  const prepared = account.questions.map(({ pair, principal, action, resource, context }) => ({
    request: { principal, action, resource: { resource, accountId: account.id }, contextVariables: context },
    identityPolicies: account.roles[account.pairs[pair].role].map((policy, index) => ({
      name: `identity${index}`,
      policy,
    })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: account.keys[account.pairs[pair].key],
  }));
  const ask = async (simulation) => {
    const answer = await runSimulation(simulation, {});
    if (answer.resultType === "error") throw new Error(JSON.stringify(answer.errors));
    return answer.overallResult;
  };
  return { prepared, ask };
}

async function all({ prepared, ask }, count) {
  const answers = [];
  for (let index = 0; index < count; index++) {
    const answer = ask(prepared[index]);
    answers.push(answer instanceof Promise ? await answer : answer);
  }
  return answers;
}

// The nanoseconds of processor time of this thread; of the whole process where the system does not tell.
function spent() {
  try {
    return Number(fs.readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]);
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
  }
}

async function main() {
  let peer;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (peer === undefined) {
      peer = { core, documented }[entry](message);
      process.stdout.write(`${JSON.stringify(await all(peer, peer.prepared.length))}\n`);
      continue;
    }
    await all(peer, message.count);
    const begin = spent();
    await all(peer, message.count);
    process.stdout.write(`${(spent() - begin) / message.count}\n`);
  }
}

main();
