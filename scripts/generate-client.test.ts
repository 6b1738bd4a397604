import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GENERATED_FILE, generatedApi } from './client/generated-api.ts';

describe('the generated types of our client', () => {
  it('are those of the API as it is now', async () => {
    const text = await generatedApi();
    // Not `toBe`: a difference of thousands of lines says nothing.
    const isCurrent = readFileSync(GENERATED_FILE, 'utf8') === text;
    expect(isCurrent, 'run: node bin/countersign.mjs --run scripts/generate-client.ts').toBe(true);
    expect(await generatedApi()).toBe(text);
  });
});
