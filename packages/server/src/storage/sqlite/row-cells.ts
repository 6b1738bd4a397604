/** Cells of rows as fields of records. */
import type { SQLOutputValue } from 'node:sqlite';
import { idText } from './key-row.ts';
import { idBlob } from './sqlite-log.ts';

export type Row = Record<string, SQLOutputValue>;

/** The cell's 16 bytes as an id; whoever asks knows of what. */
export function idCell<Id extends string>(row: Row, column: string): Id {
  return idText(row[column]) as Id;
}

export function optionalIdCell<Id extends string>(row: Row, column: string): Id | undefined {
  return row[column] === null ? undefined : idCell<Id>(row, column);
}

export function optionalIdBlob(id: string | undefined): Uint8Array | null {
  return id === undefined ? null : idBlob(id);
}

export function textCell(row: Row, column: string): string {
  return row[column] as string;
}

export function optionalTextCell(row: Row, column: string): string | undefined {
  return (row[column] as string | null) ?? undefined;
}

export function numberCell(row: Row, column: string): number {
  return row[column] as number;
}

export function optionalNumberCell(row: Row, column: string): number | undefined {
  return (row[column] as number | null) ?? undefined;
}

export function bytesCell(row: Row, column: string): Uint8Array {
  return Buffer.from(row[column] as Uint8Array);
}
