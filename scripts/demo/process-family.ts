/** A service's processes as Linux shows them under /proc. Elsewhere, and for what may not be read, nothing is known. */
import { readdirSync, readFileSync } from 'node:fs';

export interface FamilyMember {
  readonly pid: number;
  /** `launcher`, `keeper`, `http`, `signer`, `generator`, `party`, `verifier`, or `other`. */
  readonly role: string;
}

/** The process and all that descend from it; empty where there is no /proc. */
export function processFamily(rootPid: number): readonly FamilyMember[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of listProc()) {
    const parent = parentOf(Number(name));
    if (parent === undefined) continue;
    const children = childrenOf.get(parent);
    if (children === undefined) childrenOf.set(parent, [Number(name)]);
    else children.push(Number(name));
  }
  const members: FamilyMember[] = [];
  const queue = childrenOf.size === 0 ? [] : [rootPid];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    members.push({ pid, role: roleOf(readText(`/proc/${pid}/cmdline`)?.split('\0') ?? []) });
    queue.push(...(childrenOf.get(pid) ?? []));
  }
  return members;
}

/** What a process of the service is for, by its command line. */
export function roleOf(commandLine: readonly string[]): string {
  const role = commandLine.indexOf('--role');
  if (role !== -1) return commandLine[role + 1] ?? 'other';
  if (commandLine.some((part) => part.endsWith('http-main.ts'))) return 'http';
  if (commandLine.some((part) => part.endsWith('countersign.mjs'))) return 'launcher';
  if (commandLine.some((part) => part.endsWith('main.ts'))) return 'keeper';
  return 'other';
}

/** False also for a zombie, which holds nothing any more. */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** The fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets. */
export function statFields(pid: number): readonly string[] | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function parentOf(pid: number): number | undefined {
  const parent = Number(statFields(pid)?.[1]);
  return Number.isNaN(parent) ? undefined : parent;
}

function listProc(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
