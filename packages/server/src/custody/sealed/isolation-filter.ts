/**
 * Compiles rules on system calls into a seccomp filter: classic BPF over `struct seccomp_data`
 * { int nr; u32 arch; u64 instruction_pointer; u64 args[6] } (linux/seccomp.h, linux/filter.h). Both supported
 * architectures are little-endian, so the low half of an argument comes first.
 */
import { SYSCALLS, type SyscallName } from './isolation-syscalls.ts';

export type FilterArchitecture = 'x64' | 'arm64';

/** `refuse`: EPERM. `absent`: ENOSYS, after which libraries take an older way. */
export type FilterVerdict = 'allow' | 'refuse' | 'absent';

/** A test of one argument, on its low 32 bits (every argument tested here is an int or a flag word to the kernel). */
export type ArgumentTest =
  | { readonly argument: number; readonly oneOf: readonly number[] }
  | { readonly argument: number; readonly allBits: number }
  /** The whole 64-bit word is zero: a null pointer. */
  | { readonly argument: number; readonly isNull: true };

export interface FilterRule {
  readonly name: SyscallName;
  readonly verdict: FilterVerdict;
  /** All must hold; else the call is refused. */
  readonly when?: readonly ArgumentTest[];
}

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h. */
const AUDIT_ARCHITECTURES: Readonly<Record<FilterArchitecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
/** x86-64 only: calls of the x32 ABI carry this bit and would otherwise slip past a list of plain numbers. */
const X32_SYSCALL_BIT = 0x40000000;

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_IF_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;
const OFFSET_ARGUMENTS = 16;

const RET_KILL_PROCESS = 0x80000000;
const RET_ALLOW = 0x7fff0000;
const RET_ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
const VERDICTS: Readonly<Record<FilterVerdict, number>> = {
  allow: RET_ALLOW,
  refuse: RET_ERRNO | EPERM,
  absent: RET_ERRNO | ENOSYS,
};

/** The kernel's BPF_MAXINSNS. */
const MAX_INSTRUCTIONS = 4096;

interface Instruction {
  readonly code: number;
  /** Instructions to skip when the test holds, and when it doesn't. */
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

/**
 * The program as the kernel takes it: 8 bytes an instruction, `struct sock_filter[]`. The first rule for a call counts;
 * `otherwise` answers for every call without a rule.
 */
export function compileFilter(
  architecture: FilterArchitecture,
  rules: readonly FilterRule[],
  otherwise: FilterVerdict,
): Uint8Array {
  const program: Instruction[] = [
    load(OFFSET_ARCHITECTURE),
    jump(JUMP_IF_EQUAL, AUDIT_ARCHITECTURES[architecture], 1, 0),
    // A call through another ABI (int 0x80) has other numbers: no error code, it can only be an attack.
    ret(RET_KILL_PROCESS),
    load(OFFSET_NUMBER),
  ];
  if (architecture === 'x64') {
    program.push(jump(JUMP_IF_AT_LEAST, X32_SYSCALL_BIT, 0, 1), ret(VERDICTS.refuse));
  }
  for (const rule of rules) {
    const number = SYSCALLS[rule.name][architecture];
    if (number === undefined) continue;
    // Every block ends in a return, so the accumulator still holds the number wherever the next block begins.
    const block = [...(rule.when ?? []).flatMap(testArgument), ret(VERDICTS[rule.verdict])];
    program.push(jump(JUMP_IF_EQUAL, number, 0, block.length), ...block);
  }
  program.push(ret(VERDICTS[otherwise]));
  if (program.length > MAX_INSTRUCTIONS) throw new RangeError(`seccomp filter too long: ${program.length}`);
  return encode(program);
}

/** Falls through when the test holds, and returns EPERM otherwise. */
function testArgument(test: ArgumentTest): Instruction[] {
  const low = OFFSET_ARGUMENTS + 8 * test.argument;
  const refuse = ret(VERDICTS.refuse);
  if ('oneOf' in test) {
    const count = test.oneOf.length;
    return [load(low), ...test.oneOf.map((value, i) => jump(JUMP_IF_EQUAL, value, count - i, 0)), refuse];
  }
  if ('allBits' in test) {
    return [
      load(low),
      { code: AND, jumpTrue: 0, jumpFalse: 0, operand: test.allBits },
      jump(JUMP_IF_EQUAL, test.allBits, 1, 0),
      refuse,
    ];
  }
  return [load(low), jump(JUMP_IF_EQUAL, 0, 0, 2), load(low + 4), jump(JUMP_IF_EQUAL, 0, 1, 0), refuse];
}

function load(offset: number): Instruction {
  return { code: LOAD_WORD, jumpTrue: 0, jumpFalse: 0, operand: offset };
}

function jump(code: number, operand: number, jumpTrue: number, jumpFalse: number): Instruction {
  return { code, jumpTrue, jumpFalse, operand };
}

function ret(action: number): Instruction {
  return { code: RETURN, jumpTrue: 0, jumpFalse: 0, operand: action };
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach((instruction, i) => {
    view.setUint16(i * 8, instruction.code, true);
    view.setUint8(i * 8 + 2, instruction.jumpTrue);
    view.setUint8(i * 8 + 3, instruction.jumpFalse);
    view.setUint32(i * 8 + 4, instruction.operand >>> 0, true);
  });
  return bytes;
}
