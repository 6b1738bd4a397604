/** The table of settings for people: on the terminal, and as the table of the operating guide. */
import {
  acceptsSource,
  environmentName,
  fallbackOf,
  isSettingOf,
  type Setting,
  type SettingsCommand,
} from './setting.ts';
import { SETTING_NAMES, SETTINGS } from './settings-table.ts';

const CONFIG_HELP = 'A JSON file with one object whose members are the names below, without the dashes.';

export function settingsHelp(command: SettingsCommand = 'serve'): string {
  const lines = [entry('--config FILE', environmentName('config'), CONFIG_HELP)];
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (!isSettingOf(setting, command)) continue;
    const flag = setting.form === undefined ? `--${name}` : `--${name} ${setting.form}`;
    const title = acceptsSource(setting, 'flag') ? flag : `${environmentName(name)}=${setting.form ?? ''}`;
    lines.push(entry(title, environmentName(name), `${setting.help}${fallbackNote(setting, command)}`));
  }
  return lines.join('');
}

/** A table in Markdown: `docs/operating.md` holds it, and a test keeps the two the same. */
export function settingsMarkdown(): string {
  const rows = SETTING_NAMES.map((name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    const flag = acceptsSource(setting, 'flag') ? `\`--${name}\`` : 'no';
    return `| ${flag} | \`${environmentName(name)}\` | ${fallbackText(setting, 'serve')} | ${setting.help} |`;
  });
  return ['| Flag | Environment | Default | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function entry(title: string, variable: string, help: string): string {
  const source = title.startsWith(variable) ? ' (environment only)' : `  [${variable}]`;
  return `  ${title}${source}\n      ${help}\n`;
}

function fallbackNote(setting: Setting<unknown>, command: SettingsCommand): string {
  const text = fallbackText(setting, command);
  return text === '' ? '' : ` Default: ${text}.`;
}

function fallbackText(setting: Setting<unknown>, command: SettingsCommand): string {
  if (command === 'relay' && setting.relay?.fallbackText !== undefined) return setting.relay.fallbackText;
  if (setting.fallbackText !== undefined) return setting.fallbackText;
  if (setting.form === undefined) return 'off';
  return setting.fallback === undefined ? '' : String(fallbackOf(setting, command));
}
