/** The texts that one source gives, by setting name. */
export type SettingTexts = ReadonlyMap<string, string>;

/** Given like a setting, but it only says where the settings are. */
export const SETTING_LIKE_NAMES: readonly string[] = ['config'];
