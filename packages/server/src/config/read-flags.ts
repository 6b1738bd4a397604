/** Flags into texts by setting name. `--name value`, `--name=value`; a switch needs no value. */
import { acceptsSource, environmentName, isSettingOf, type Setting, type SettingsCommand } from './setting.ts';
import { SETTING_LIKE_NAMES, type SettingTexts } from './setting-texts.ts';
import { SETTINGS } from './settings-table.ts';

export function readFlags(argv: readonly string[], problems: string[], command: SettingsCommand): SettingTexts {
  const texts = new Map<string, string>();
  const settings: ReadonlyMap<string, Setting<unknown>> = new Map(Object.entries(SETTINGS));
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (!argument.startsWith('--')) {
      problems.push(`unexpected argument ${printable(argument)}`);
      continue;
    }
    const equals = argument.indexOf('=');
    const name = equals === -1 ? argument.slice(2) : argument.slice(2, equals);
    const found = settings.get(name);
    if (found === undefined ? !SETTING_LIKE_NAMES.includes(name) : !isSettingOf(found, command)) {
      problems.push(`unknown flag ${printable(`--${name}`)}`);
      continue;
    }
    let value = equals === -1 ? undefined : argument.slice(equals + 1);
    if (value === undefined && found !== undefined && found.form === undefined) value = 'true';
    if (value === undefined) {
      const next = argv[index + 1];
      if (next === undefined || next.startsWith('--')) {
        problems.push(`--${name} needs a value`);
        continue;
      }
      value = next;
      index++;
    }
    if (found !== undefined && !acceptsSource(found, 'flag')) {
      problems.push(
        `--${name} isn't a flag, since flags can be listed by others: set ${environmentName(name)} instead`,
      );
    } else if (texts.has(name)) {
      problems.push(`--${name} is given twice`);
    } else {
      texts.set(name, value);
    }
  }
  return texts;
}

/** A mistyped argument may be a secret in the wrong place: it is shown only where it looks like a word. */
function printable(argument: string): string {
  return /^[a-z-]{1,24}$/.test(argument) ? argument : `of ${argument.length} characters (not shown)`;
}
