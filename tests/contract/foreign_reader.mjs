// Reads what kcat took from topics and checks every record by the committed JSON Schemas.
// usage: node foreign_reader.mjs <folder of schemas> <file of kcat -f '%K %k%S %s'>...
// prints one JSON object a line and record: {file, key, valid, errors, message}; bytes as base64.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { decode } from "@msgpack/msgpack";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const [schemas, ...files] = process.argv.slice(2);
const ajv = new Ajv.default({ allErrors: true });
formats.default(ajv);
for (const name of readdirSync(schemas)) {
  ajv.addSchema(JSON.parse(readFileSync(join(schemas, name), "utf8")));
}

function* read(buffer) {
  let position = 0;
  const sized = () => {
    const space = buffer.indexOf(" ", position);
    const size = Number(buffer.toString("ascii", position, space));
    position = space + 1 + size;
    return buffer.subarray(space + 1, position);
  };
  while (position < buffer.length) yield [sized(), sized()];
}

function plain(name, value) {
  const raw = this[name]; // before toJSON had a say
  return raw instanceof Uint8Array ? Buffer.from(raw).toString("base64") : value;
}

for (const file of files) {
  for (const [key, value] of read(readFileSync(file))) {
    const message = decode(value);
    const valid = ajv.validate(`urn:nightclerk:schema:${message.type}`, message);
    const errors = ajv.errorsText(ajv.errors);
    const found = { file: basename(file), key: key.toString("utf8"), valid, errors, message };
    console.log(JSON.stringify(found, plain));
  }
}
