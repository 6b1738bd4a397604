/** What one setting is. The table in `settings-table.ts` holds them all; everything else is derived from it. */

/** Where a setting may come from. Secrets stay out of flags, which every user of the machine can list. */
export type SettingSource = 'flag' | 'environment' | 'file';

export type ParsedSetting<T> =
  | { readonly ok: true; readonly value: T }
  /** Completes "NAME ...", as in "must be a whole number from 1 to 64"; never repeats the value of a secret. */
  | { readonly ok: false; readonly problem: string };

export interface Setting<T> {
  readonly parse: (text: string) => ParsedSetting<T>;
  /** How a value is written, for the help: `FILE`, `ADDRESS:PORT`. Absent for a switch. */
  readonly form?: string;
  readonly help: string;
  /** The value where nobody gave one, and what the help says about it. */
  readonly fallback: T;
  readonly fallbackText?: string;
  /** Its value appears in no message, list or log. */
  readonly secret?: true;
  /** Default: all three. */
  readonly sources?: readonly SettingSource[];
  /** Present where `countersign relay` has it too; the fallback where that command has another. */
  readonly relay?: { readonly fallback?: T; readonly fallbackText?: string };
}

/** The commands that take settings. `serve` takes them all. */
export type SettingsCommand = 'serve' | 'relay';

export function isSettingOf(setting: Setting<unknown>, command: SettingsCommand): boolean {
  return command === 'serve' || setting.relay !== undefined;
}

/** The value where nobody gave one. */
export function fallbackOf<T>(setting: Setting<T>, command: SettingsCommand): T {
  const own = command === 'relay' ? setting.relay?.fallback : undefined;
  return own ?? setting.fallback;
}

export const ALL_SOURCES: readonly SettingSource[] = ['flag', 'environment', 'file'];

/** `data-dir` is `COUNTERSIGN_DATA_DIR` in the environment. */
export function environmentName(name: string): string {
  return `COUNTERSIGN_${name.toUpperCase().replaceAll('-', '_')}`;
}

export function acceptsSource(setting: Setting<unknown>, source: SettingSource): boolean {
  return (setting.sources ?? ALL_SOURCES).includes(source);
}
