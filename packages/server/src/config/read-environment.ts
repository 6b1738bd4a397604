/** `COUNTERSIGN_...` variables into texts by setting name. */
import { acceptsSource, environmentName, type Setting } from './setting.ts';
import { SETTING_LIKE_NAMES, type SettingTexts } from './setting-texts.ts';
import { SETTINGS } from './settings-table.ts';

/** Read elsewhere: by the tests, by an engine, by the launcher, by the commands that talk to a service. */
const OTHER_VARIABLES: readonly string[] = [
  'COUNTERSIGN_VECTORS',
  'COUNTERSIGN_SOAK',
  'COUNTERSIGN_LIBSECP256K1',
  'COUNTERSIGN_LIBSODIUM',
  'COUNTERSIGN_LAUNCHER_PID',
  'COUNTERSIGN_URL',
  'COUNTERSIGN_TOKEN',
  'COUNTERSIGN_TOKEN_FILE',
  'COUNTERSIGN_CREDENTIAL_ID',
  'COUNTERSIGN_CREDENTIAL_KEY',
];

export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): SettingTexts {
  const settings = new Map<string, [string, Setting<unknown> | undefined]>();
  for (const [name, setting] of Object.entries(SETTINGS)) settings.set(environmentName(name), [name, setting]);
  for (const name of SETTING_LIKE_NAMES) settings.set(environmentName(name), [name, undefined]);
  const texts = new Map<string, string>();
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('COUNTERSIGN_') || value === undefined || OTHER_VARIABLES.includes(variable)) continue;
    const [name, setting] = settings.get(variable) ?? [];
    if (name === undefined || (setting !== undefined && !acceptsSource(setting, 'environment')))
      problems.push(`unknown variable ${variable}`);
    else texts.set(name, value);
  }
  return texts;
}
