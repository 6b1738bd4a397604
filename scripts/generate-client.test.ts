import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MANUAL_FILE, withCallTable } from './client/call-table.ts';
import { GENERATED_FILE, generatedApi } from './client/generated-api.ts';

const HOW = 'run: node bin/countersign.mjs --run scripts/generate-client.ts';

describe('what is made from the endpoints of our own API', () => {
  it('the types of our client are those of the API as it is now', async () => {
    const text = await generatedApi();
    // Not `toBe`: a difference of thousands of lines says nothing.
    expect(readFileSync(GENERATED_FILE, 'utf8') === text, HOW).toBe(true);
    expect((await generatedApi()) === text).toBe(true);
  });

  it('the table of the manual has every call as it is now', () => {
    const manual = readFileSync(MANUAL_FILE, 'utf8');
    expect(withCallTable(manual) === manual, HOW).toBe(true);
    expect(() => withCallTable('no marks')).toThrow('lacks');
  });
});
