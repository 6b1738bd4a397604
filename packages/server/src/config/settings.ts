/** The settings of one start: flags before environment before file before defaults. */
import { outboundAllowText } from './outbound-allow.ts';
import { readConfigFile } from './read-config-file.ts';
import { readEnvironment } from './read-environment.ts';
import { readFlags } from './read-flags.ts';
import { environmentName, fallbackOf, isSettingOf, type Setting, type SettingsCommand } from './setting.ts';
import { settingsProblems } from './settings-rules.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues } from './settings-table.ts';

export type SettingsOutcome =
  | { readonly ok: true; readonly settings: SettingValues }
  /** Every problem, one line each, without the value of any secret. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads all three sources and reports everything that is wrong with any of them at once.
 * @param argv the arguments after the command's name
 * @param command whose settings; those that it lacks have their defaults
 */
export function readSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  command: SettingsCommand = 'serve',
): SettingsOutcome {
  const problems: string[] = [];
  const flags = readFlags(argv, problems, command);
  const variables = readEnvironment(environment, problems);
  const configPath = flags.get('config') ?? variables.get('config');
  const file = configPath === undefined ? undefined : readConfigFile(configPath, problems, command);

  const values = new Map<SettingName, unknown>();
  const unreadable = new Set<SettingName>();
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name];
    values.set(name, fallbackOf(setting, command));
    // A variable may be there for the other command of the same machine.
    if (!isSettingOf(setting, command)) continue;
    const given = [
      { text: flags.get(name), as: `--${name}` },
      { text: variables.get(name), as: environmentName(name) },
      { text: file?.get(name), as: `${configPath}: "${name}"` },
    ].filter((source) => source.text !== undefined);
    // A source that is overruled must be right as well: it will count on the day the other one goes.
    for (const [index, { text = '', as }] of given.entries()) {
      const parsed = setting.parse(text);
      if (parsed.ok) {
        if (index === 0) values.set(name, parsed.value);
      } else {
        problems.push(`${as} ${parsed.problem}`);
        unreadable.add(name);
      }
    }
  }
  const settings = Object.fromEntries(values) as SettingValues;
  problems.push(...settingsProblems(settings, unreadable));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings };
}

/** What is in force, for the log: secrets only say whether they were given. */
export function describeSettings(
  settings: SettingValues,
  command: SettingsCommand = 'serve',
): Readonly<Record<string, string | number | boolean>> {
  const described: Record<string, string | number | boolean> = {};
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name];
    const value = settings[name];
    if (value === undefined || !isSettingOf(setting, command)) continue;
    if (setting.secret) described[name] = 'given';
    else if (typeof value !== 'object') described[name] = value;
    else if ('host' in value) described[name] = `${value.host}:${value.port}`;
    else described[name] = isTexts(value) ? value.join(', ') : outboundAllowText(value);
  }
  return described;
}

function isTexts<Entry>(list: readonly string[] | readonly Entry[]): list is readonly string[] {
  return list.every((entry) => typeof entry === 'string');
}
