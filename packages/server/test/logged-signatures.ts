/** Reads a log as an auditor would, from the database file alone. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeOutcome, type OutcomeRecord } from '@countersign/core/log/outcome-entry';

export function databasePathOf(dataDir: string): string {
  return join(dataDir, 'db', 'countersign.sqlite');
}

/** Every outcome in the log, in order. */
export function loggedOutcomes(dataDir: string): OutcomeRecord[] {
  const database = new DatabaseSync(databasePathOf(dataDir), { readOnly: true });
  try {
    return database
      .prepare("SELECT body FROM log_rows WHERE phase = 'outcome' ORDER BY first_leaf")
      .all()
      .flatMap((row) => {
        const body = row['body'];
        if (!(body instanceof Uint8Array)) throw new Error('a row without a body');
        return decodeOutcome(body).records;
      });
  } finally {
    database.close();
  }
}

/** SHA-256 of every signature that the log says was made, in hex. */
export function loggedSignatures(dataDir: string): Set<string> {
  return new Set(
    loggedOutcomes(dataDir).flatMap(({ signatureDigest }) =>
      signatureDigest === undefined ? [] : [Buffer.from(signatureDigest).toString('hex')],
    ),
  );
}

/** What SQLite itself thinks of the file: `ok`, or its complaints. */
export function integrityOf(dataDir: string): string {
  const database = new DatabaseSync(databasePathOf(dataDir), { timeout: 5000 });
  try {
    const answer = database.prepare('PRAGMA integrity_check').get();
    return String(answer?.['integrity_check']);
  } finally {
    database.close();
  }
}
