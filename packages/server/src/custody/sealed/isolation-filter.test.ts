import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, type FilterArchitecture, type FilterRule } from './isolation-filter.ts';
import { sealedRules } from './isolation-rules.ts';
import { SYSCALLS, type SyscallName } from './isolation-syscalls.ts';

const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const PID = 4711;

interface Call {
  readonly number: number;
  readonly architecture?: number;
  readonly args?: readonly bigint[];
}

/** Runs the program as the kernel's interpreter does, on the few instructions that it has. */
function run(program: Uint8Array, call: Call, architecture: FilterArchitecture): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture ?? AUDIT[architecture], true);
  for (const [i, value] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * i, value, true);
  const code = new DataView(program.buffer);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const operand = code.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): void => {
      at += code.getUint8(at * 8 + (holds ? 2 : 3));
    };
    switch (code.getUint16(at * 8, true)) {
      case 0x20:
        accumulator = data.getUint32(operand, true);
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x15:
        jump(accumulator === operand);
        break;
      case 0x35:
        jump(accumulator >= operand);
        break;
      case 0x06:
        return operand;
      default:
        throw new Error('unknown instruction');
    }
  }
}

describe.each(['x64', 'arm64'] as const)('the sealed filter on %s', (architecture) => {
  const rules = sealedRules(PID);
  const program = compileFilter(architecture, rules, 'refuse');
  const answer = (name: SyscallName, ...args: number[]): number => {
    const number = SYSCALLS[name][architecture];
    if (number === undefined) throw new Error(`no ${name} here`);
    return run(program, { number, args: args.map(BigInt) }, architecture);
  };

  it('allows exactly the calls of the list, and refuses every other number', () => {
    const listed = new Map<number | undefined, FilterRule>(
      rules.map((rule) => [SYSCALLS[rule.name][architecture], rule]),
    );
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 0xffffffff })), (number) => {
        const rule = listed.get(number);
        const result = run(program, { number }, architecture);
        if (rule === undefined) expect(result).toBe(EPERM);
        else if (rule.when === undefined) expect(result).toBe(rule.verdict === 'allow' ? ALLOW : ENOSYS);
      }),
      { numRuns: 2_000 },
    );
  });

  it('kills for a call through another ABI', () => {
    expect(run(program, { number: 0, architecture: 0x40000003 }, architecture)).toBe(KILL);
  });

  it('allows threads and refuses processes and namespaces', () => {
    expect(answer('clone', 0x3d0f00)).toBe(ALLOW); // what glibc's pthread_create passes
    expect(answer('clone', 17)).toBe(EPERM);
    expect(answer('clone', 0x4100 | 17)).toBe(EPERM); // vfork
    expect(answer('clone3')).toBe(ENOSYS);
  });

  it('tests arguments', () => {
    expect(answer('tgkill', PID)).toBe(ALLOW);
    expect(answer('tgkill', PID + 1)).toBe(EPERM);
    expect(answer('fcntl', 3, 4)).toBe(ALLOW);
    expect(answer('fcntl', 3, 0)).toBe(EPERM); // F_DUPFD
    expect(answer('fcntl', 3, 8)).toBe(EPERM); // F_SETOWN: signals to others
    expect(answer('ioctl', 2, 0x5421)).toBe(ALLOW);
    expect(answer('ioctl', 2, 0x5412)).toBe(EPERM); // TIOCSTI: input to the terminal
    expect(answer('prctl', 4, 1)).toBe(EPERM); // PR_SET_DUMPABLE
    expect(answer('prlimit64', 0, 4, 0)).toBe(ALLOW);
    expect(answer('prlimit64', 0, 4, 1)).toBe(EPERM);
    expect(answer('prlimit64', 0, 4, 2 ** 32)).toBe(EPERM);
  });
});

describe('the sealed filter on x64', () => {
  it('refuses the x32 ABI', () => {
    const program = compileFilter('x64', sealedRules(PID), 'refuse');
    expect(run(program, { number: 0x40000000 }, 'x64')).toBe(EPERM);
    expect(run(program, { number: 0x40000000 | 1 }, 'x64')).toBe(EPERM);
  });
});
