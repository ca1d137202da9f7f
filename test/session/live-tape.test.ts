import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type HeldTape, LiveTape} from '../../src/session/live-tape.js';
import type {TapeFile} from '../../src/session/tape-file.js';
import {numbered} from './fake-disk.js';

/** A capture and its tape: samples are numbered as they are heard; the disk takes them or not, and memory holds the newest `limit`. */
class FakeCapture implements HeldTape {
	readonly file: number[] = [];
	waiting: number[] = [];
	isRefused = false;
	lost = 0;
	epoch = 0;
	limit = 60;
	isGone = false;
	#next = 0;

	hear(nSamples: number): void {
		for (let i = 0; i < nSamples; i++) this.waiting.push(this.#next++);
		if (!this.isRefused) this.file.push(...this.waiting.splice(0));
		const excess = Math.max(0, this.waiting.length - this.limit);
		this.waiting.splice(0, excess);
		this.lost += excess;
	}

	/** The disk takes samples again. */
	free(): void {
		this.isRefused = false;
		this.hear(0);
	}

	/** It dies, and another one goes on. */
	die(): void {
		this.waiting = [];
		this.lost = 0;
		this.epoch++;
	}

	isNeeded = () => this.isRefused;
	heldSamples = () => this.waiting.length;
	lostSamples = () => this.lost;
	source = () => this.epoch;

	async read(fromSample: number) {
		if (this.isGone) return undefined;
		const first = this.file.length + this.lost;
		const start = Math.max(fromSample, first);
		const samples = Int16Array.from(this.waiting.slice(start - first, start - first + 25));
		return {fromSample: start, lostSamples: this.lost, samples: Buffer.from(samples.buffer)};
	}

	get tapeFile(): TapeFile {
		return {
			extent: async () => ({sampleRate: 1000, nSamples: this.file.length}),
			read: async (fromSample, bytes) => {
				const samples = Int16Array.from(this.file.slice(fromSample, fromSample + bytes.length / 2));
				Buffer.from(samples.buffer).copy(bytes);
				return {fromSample, nSamples: samples.length};
			},
			close: async () => {},
		};
	}
}

/** Reads as `readTape` does. */
class Reader {
	readonly heard: number[] = [];
	/** Where the tape went on elsewhere: from where to where. */
	readonly jumps: [number, number][] = [];
	sample = 0;
	readonly #tape: LiveTape;

	constructor(capture: FakeCapture) {
		this.#tape = new LiveTape(capture.tapeFile, capture);
	}

	/** Reads what there is. */
	async readAll(): Promise<void> {
		const bytes = Buffer.alloc(2 * 17);
		for (;;) {
			const {fromSample, nSamples} = await this.#tape.read(this.sample, bytes);
			if (fromSample !== this.sample) {
				this.jumps.push([this.sample, fromSample]);
				this.sample = fromSample;
				continue;
			}
			if (nSamples === 0) return;
			for (let i = 0; i < nSamples; i++) this.heard.push(bytes.readInt16LE(2 * i));
			this.sample += nSamples;
		}
	}
}

const upTo = (nSamples: number) => [...numbered(0, nSamples)];

test('what the disk does not take is read from memory, and then the file goes on in the same place', async () => {
	const capture = new FakeCapture();
	const reader = new Reader(capture);
	capture.hear(100);
	await reader.readAll();
	capture.isRefused = true;
	for (let i = 0; i < 5; i++) {
		capture.hear(10);
		await reader.readAll();
		assert.equal(reader.heard.length, 110 + 10 * i);
	}
	capture.free();
	capture.hear(30);
	await reader.readAll();
	assert.deepEqual(reader.heard, upTo(180));
	assert.deepEqual(reader.jumps, []);
});

test('behind what was given up the reader is led to the place on the tape, and hears everything once', async () => {
	const capture = new FakeCapture();
	const reader = new Reader(capture);
	capture.hear(100);
	await reader.readAll();
	capture.isRefused = true;
	for (let i = 0; i < 20; i++) {
		capture.hear(10);
		await reader.readAll();
	}
	assert.equal(capture.lost, 140);
	assert.deepEqual(reader.jumps, []);
	capture.free();
	capture.hear(30);
	await reader.readAll();
	assert.deepEqual(reader.heard, upTo(330));
	// 300 samples of time stand at 160 on the tape.
	assert.deepEqual(reader.jumps, [[300, 160]]);
	assert.equal(reader.sample, capture.file.length);

	// Once more, with what was given up before.
	capture.isRefused = true;
	capture.hear(100);
	await reader.readAll();
	capture.free();
	await reader.readAll();
	assert.equal(reader.sample, capture.file.length);
	assert.equal(reader.heard.at(-1), 429);
});

test('a reader that is late goes on behind what was given up', async () => {
	const capture = new FakeCapture();
	const reader = new Reader(capture);
	capture.hear(100);
	await reader.readAll();
	capture.isRefused = true;
	capture.hear(10);
	await reader.readAll();
	capture.hear(200);
	await reader.readAll();
	assert.deepEqual(reader.heard, [...upTo(110), ...upTo(310).slice(250)]);
	assert.equal(reader.jumps.length, 1);
	capture.free();
	capture.hear(10);
	await reader.readAll();
	assert.equal(reader.heard.at(-1), 319);
	assert.equal(reader.sample, capture.file.length);
});

test('what a dead capture held is gone, and the next one is heard from the end of the file', async () => {
	const capture = new FakeCapture();
	const reader = new Reader(capture);
	capture.hear(100);
	capture.isRefused = true;
	capture.hear(50);
	await reader.readAll();
	assert.equal(reader.sample, 150);
	capture.isGone = true;
	await reader.readAll();
	assert.equal(reader.sample, 150);
	capture.die();
	capture.isGone = false;
	capture.free();
	capture.hear(20);
	await reader.readAll();
	assert.deepEqual(reader.jumps, [[150, 100]]);
	assert.deepEqual(reader.heard.slice(150), [...numbered(150, 20)]);
});

test('a capture that wrote everything and ended leaves the rest in the file', async () => {
	const capture = new FakeCapture();
	const reader = new Reader(capture);
	capture.hear(100);
	capture.isRefused = true;
	capture.hear(20);
	await reader.readAll();
	capture.hear(30);
	capture.free();
	capture.isGone = true;
	await reader.readAll();
	assert.deepEqual(reader.heard, upTo(150));
	assert.deepEqual(reader.jumps, []);
});
