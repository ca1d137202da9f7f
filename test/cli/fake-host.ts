import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {Readable} from 'node:stream';
import type {TestContext} from 'node:test';
import {AudioError} from '../../src/audio/audio-error.js';
import type {AudioSource} from '../../src/audio/audio-source.js';
import type {Host} from '../../src/cli/host.js';
import type {CaptionEvent} from '../../src/engine/client.js';
import type {ModelManifest} from '../../src/engine/model-package.js';
import {openSettings} from '../../src/system/settings.js';
import type {ScreenStream} from '../../src/ui/screen.js';
import {FakePipe} from '../ui/fake-terminal.js';

const sampleRate = 16_000;

/** Captions that a fake engine makes of a recording; an `Error` among them is thrown there, a function is called there. */
export type Script = (CaptionEvent | Error | (() => void))[];

/** One second a progress, 50 ms of computing each. */
export const progress = (seconds: number): CaptionEvent => ({
	type: 'progress',
	decodedSamples: seconds * sampleRate,
	computeMs: 50 * seconds,
	restarts: 0,
});

/** What a fake host was asked and what it got. */
export type FakeHost = Host & {
	controller: AbortController;
	/** What is open now: engines and sources. */
	open: Set<object>;
	asked: {
		threads: (number | undefined)[];
		framesPerCall: (number | undefined)[];
		rawRates: (number | undefined)[];
	};
	/** What the user was asked, and how often the host gave way. */
	questions: string[];
	waysGiven: number;
	atExitActions: Set<() => void>;
	texts(): {stdout: string; stderr: string};
};

/** What a fake host writes to, where its settings are, and what its user answers. */
export type FakeWorld = {stdout?: ScreenStream; stderr?: ScreenStream; configFolder?: string; answers?: string[]};

/** A host whose recordings are `scripts` by file name; the others are not found. */
export function fakeHost(scripts: Record<string, Script>, world: FakeWorld = {}): FakeHost {
	const {stdout = new FakePipe(), stderr = new FakePipe(), configFolder, answers = []} = world;
	const controller = new AbortController();
	const open = new Set<object>();
	const asked: FakeHost['asked'] = {threads: [], framesPerCall: [], rawRates: []};
	const atExitActions = new Set<() => void>();
	const host: FakeHost = {
		stdout,
		stderr,
		stdin: Readable.from([]),
		env: {LANG: 'C.UTF-8'},
		isStdinTerminal: false,
		signal: controller.signal,
		controller,
		open,
		asked,
		questions: [],
		waysGiven: 0,
		atExitActions,
		texts: () => ({stdout: (stdout as FakePipe).text, stderr: (stderr as FakePipe).text}),
		async startEngine({threads, framesPerCall}) {
			asked.threads.push(threads);
			asked.framesPerCall.push(framesPerCall);
			const engine = {
				sampleRate,
				delayMs: 0,
				captions: (source: AudioSource, {signal}: {signal?: AbortSignal} = {}) => play(scripts[source.name]!, signal),
				async close() {
					open.delete(engine);
				},
			};
			open.add(engine);
			return engine;
		},
		async openAudio(file, {rawRate}) {
			asked.rawRates.push(rawRate);
			if (!scripts[file]) throw new AudioError('not-found', `Cannot read ${file}: there is no such file.`);
			const source: AudioSource = {
				name: file,
				sampleRate,
				estimatedSamples: 10 * sampleRate,
				warnings: file.startsWith('odd') ? [`${file} is odd.`] : [],
				async *chunks() {},
				async close() {
					open.delete(source);
				},
			};
			open.add(source);
			return source;
		},
		async openSettings() {
			return openSettings(configFolder ?? 'no settings folder was given');
		},
		async ask(question) {
			host.questions.push(question);
			return answers.shift() ?? '';
		},
		giveWay() {
			host.waysGiven++;
		},
		atExit(action) {
			atExitActions.add(action);
			return () => atExitActions.delete(action);
		},
	};
	return host;
}

async function* play(script: Script, signal: AbortSignal | undefined): AsyncGenerator<CaptionEvent> {
	for (const event of script) {
		if (signal?.aborted) return;
		if (event instanceof Error) throw event;
		if (typeof event === 'function') event();
		else yield event;
	}
}

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-test-'));
	t.after(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
}

/** A models folder with packages that have nothing but their `model.json`. */
export function modelsFolder(t: TestContext, ids = ['embedded'], change: Partial<ModelManifest> = {}): string {
	const folder = temporaryFolder(t);
	for (const id of ids) {
		mkdirSync(path.join(folder, id));
		writeFileSync(path.join(folder, id, 'model.json'), JSON.stringify({...manifest, id, ...change}));
	}
	return folder;
}

const manifest: ModelManifest = {
	formatVersion: 1,
	id: 'embedded',
	name: 'Embedded',
	family: 'delayed-streams',
	languages: ['en'],
	licence: {name: 'MIT', attribution: 'the project'},
	source: {description: 'a test'},
	quantisation: '8-bit',
	sampleRate,
	frameSamples: 1280,
	delayMs: 880,
	silencePrefixMs: 0,
	tokens: {start: 3, padding: 1, endOfPadding: 0},
	lm: {
		dim: 2,
		layers: 1,
		heads: 1,
		headDim: 2,
		context: 2,
		maxPeriod: 1,
		vocabulary: 3,
		codebooks: 0,
		codebookRows: 0,
		takesFeatures: true,
		vad: {heads: 0, classes: 0, usable: false},
	},
	frontend: {type: 'log-mel', states: []},
	tokenizer: 'tokenizer.model',
	accuracy: [],
	files: [{name: 'tokenizer.model', size: 0, sha256: '0'.repeat(64)}],
};
