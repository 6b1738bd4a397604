/** A JSON file, one object whose members are setting names, into texts by setting name. */
import { readFileSync, statSync } from 'node:fs';
import { acceptsSource, environmentName, isSettingOf, type Setting, type SettingsCommand } from './setting.ts';
import type { SettingTexts } from './setting-texts.ts';
import { SETTINGS } from './settings-table.ts';

const MAX_BYTES = 65_536;

export function readConfigFile(path: string, problems: string[], command: SettingsCommand): SettingTexts {
  const members = readObject(path, problems);
  const settings: ReadonlyMap<string, Setting<unknown>> = new Map(Object.entries(SETTINGS));
  const texts = new Map<string, string>();
  for (const [name, value] of members) {
    const setting = settings.get(name);
    if (setting === undefined || !isSettingOf(setting, command)) problems.push(`${path}: unknown member "${name}"`);
    else if (!acceptsSource(setting, 'file'))
      problems.push(`${path}: "${name}" doesn't belong in a file: set ${environmentName(name)} instead`);
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      texts.set(name, String(value));
    else problems.push(`${path}: "${name}" must be a text, a number, true or false`);
  }
  return texts;
}

function readObject(path: string, problems: string[]): readonly [string, unknown][] {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) {
      problems.push(`${path}: larger than ${MAX_BYTES} bytes`);
      return [];
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(
      `${path}: can't be read (${error instanceof Error && 'code' in error ? String(error.code) : 'error'})`,
    );
    return [];
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // JSON.parse quotes the text around the fault, which may be a secret.
    problems.push(`${path}: isn't JSON`);
    return [];
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return Object.entries(parsed);
  problems.push(`${path}: must hold one JSON object`);
  return [];
}
