// A function that says who may call, as one is written for Node, and below it the loop that Lambda runs it in.

exports.handler = async (event) => {
  const headers = Object.fromEntries(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const word = event.authorizationToken ?? headers.authorization;
  if (word === "throw") throw new Error("it went wrong");
  const context = { language: "node", asked: event.type };
  if (event.version === "2.0") return { isAuthorized: word === "allow", context };
  const Effect = word === "allow" ? "Allow" : "Deny";
  const statement = { Action: "execute-api:Invoke", Effect, Resource: event.methodArn };
  return { principalId: "ann", policyDocument: { Version: "2012-10-17", Statement: [statement] }, context };
};

if (require.main === module) {
  const api = process.env.AWS_LAMBDA_RUNTIME_API.replace("http://", "");
  const runtime = `http://${api}/2018-06-01/runtime/invocation`;
  const post = (path, value) => fetch(runtime + path, { method: "POST", body: JSON.stringify(value) });
  (async () => {
    for (;;) {
      const invocation = await fetch(runtime + "/next");
      const request = invocation.headers.get("lambda-runtime-aws-request-id");
      try {
        await post(`/${request}/response`, await exports.handler(await invocation.json()));
      } catch (error) {
        await post(`/${request}/error`, { errorMessage: error.message, errorType: error.name });
      }
    }
  })();
}
