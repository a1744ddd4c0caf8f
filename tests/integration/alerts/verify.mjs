// Verifies deliveries by npm's standardwebhooks: reads lines of {secret, headers, body} and answers
// each by a line, "verified" or the reason why not.
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new Webhook(secret).verify(body, headers);
    console.log("verified");
  } catch (error) {
    console.log(error.message);
  }
}
