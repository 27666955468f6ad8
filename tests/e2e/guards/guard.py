"""A function that says who may call, as one is written in Python, and below it the loop that Lambda runs it in."""


def handler(event, context):
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    word = event.get("authorizationToken") or headers.get("authorization")
    if word == "throw":
        raise ValueError("it went wrong")
    said = {"language": "python", "asked": event["type"]}
    if event.get("version") == "2.0":
        return {"isAuthorized": word == "allow", "context": said}
    effect = "Allow" if word == "allow" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, "context": said}


if __name__ == "__main__":
    import json
    import os
    import urllib.request

    runtime = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API'].removeprefix('http://')}/2018-06-01/runtime/invocation"

    def post(path, value):
        urllib.request.urlopen(urllib.request.Request(runtime + path, json.dumps(value).encode(), method="POST")).read()

    while True:
        with urllib.request.urlopen(runtime + "/next") as invocation:
            request, asked = invocation.headers["Lambda-Runtime-Aws-Request-Id"], json.load(invocation)
        try:
            post(f"/{request}/response", handler(asked, None))
        except ValueError as error:
            post(f"/{request}/error", {"errorMessage": str(error), "errorType": "ValueError"})
