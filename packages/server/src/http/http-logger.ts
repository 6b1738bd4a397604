/** The part of the logger that the HTTP server uses; pino's fits. */
export interface HttpLogger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}
