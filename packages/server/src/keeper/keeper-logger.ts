/** What the keeper needs of a logger; pino's has this shape. */
export interface KeeperLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
