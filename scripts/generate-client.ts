/**
 * Writes what follows from the endpoints of our own API: the types of our client, and the table of calls in the manual.
 *
 *   node bin/countersign.mjs --run scripts/generate-client.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MANUAL_FILE, withCallTable } from './client/call-table.ts';
import { GENERATED_FILE, generatedApi } from './client/generated-api.ts';

mkdirSync(dirname(GENERATED_FILE), { recursive: true });
writeFileSync(GENERATED_FILE, await generatedApi());
writeFileSync(MANUAL_FILE, withCallTable(readFileSync(MANUAL_FILE, 'utf8')));
