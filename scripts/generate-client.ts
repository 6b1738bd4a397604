/** Writes the types of our client anew: `node bin/countersign.mjs --run scripts/generate-client.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GENERATED_FILE, generatedApi } from './client/generated-api.ts';

mkdirSync(dirname(GENERATED_FILE), { recursive: true });
writeFileSync(GENERATED_FILE, await generatedApi());
