import assert from 'node:assert/strict';
import {EventEmitter, once} from 'node:events';
import {describe, type TestContext, test} from 'node:test';
import type {
	Microphone,
	MicrophoneDevice,
	MicrophoneListener,
	MicrophoneRequest,
	Route,
} from '../../src/audio/microphone.js';
import {MicrophoneKeeper} from '../../src/capture/microphone-keeper.js';

/** Microphones that come and go, and what a keeper does with them, a line each. */
class Desk extends EventEmitter {
	readonly log: string[] = [];
	readonly devices = new Map<string, Route>();
	/** What is asked of the next opening before it is open. */
	opening: Promise<void> | undefined;
	#listener: MicrophoneListener | undefined;

	keep(t: TestContext, request: MicrophoneRequest): MicrophoneKeeper {
		const keeper = new MicrophoneKeeper(
			request,
			{
				onOpen: ({name}) => this.#note(`open ${name}`),
				onSamples: samples => this.#note(`heard ${samples.length}`),
				onClosed: async () => this.#note('closed'),
				onMissing: problem => this.#note(`missing: ${problem}`),
			},
			{
				openMicrophone: (asked, listener) => this.#open(asked, listener),
				listMicrophones: async () => ({
					backend: undefined,
					devices: [...this.devices].map(([name, route]) => device(name, route)),
					passedOver: [],
				}),
			},
		);
		t.after(() => keeper.close());
		return keeper;
	}

	/** The device that is open goes. */
	unplug(name: string): void {
		this.devices.delete(name);
		this.#listener?.onEnd(new Error(`${name} went`));
	}

	hear(nSamples: number): void {
		void this.#listener?.onSamples(new Int16Array(nSamples));
	}

	/** Waits for `line` as the newest one. */
	async until(line: string): Promise<void> {
		while (this.log.at(-1) !== line) await once(this, 'noted');
	}

	#note(line: string): void {
		// Attempts are many, what they come to counts.
		if (this.log.at(-1) !== line) this.log.push(line);
		this.emit('noted');
	}

	async #open({device: wanted}: MicrophoneRequest, listener: MicrophoneListener): Promise<Microphone> {
		const name = wanted ?? [...this.devices.keys()][0];
		const route = name === undefined ? undefined : this.devices.get(name);
		if (name === undefined || route === undefined) throw new Error(`no ${wanted ?? 'device'}`);
		// Some give samples before their opening has returned.
		void listener.onSamples(new Int16Array(1));
		await this.opening;
		this.#listener = listener;
		const close = async () => this.emit('freed', name);
		return {device: device(name, route), sampleRate: 24_000, overruns: 1, nSamples: 0, close: async () => void close()};
	}
}

const device = (name: string, route: Route): MicrophoneDevice => ({
	number: 1,
	name,
	backend: 'naudiodon',
	id: name,
	channels: 1,
	nativeRate: 24_000,
	isDefault: false,
	route,
});

// Together, since each waits for seconds.
describe('a microphone that is kept open', {concurrency: true}, () => {
	test('a device that was chosen is waited for, whatever else is there', async t => {
		const desk = new Desk();
		desk.devices.set('USB', 'alsa').set('Webcam', 'alsa');
		const keeper = desk.keep(t, {device: 'USB'});
		keeper.open();
		await desk.until('heard 1');
		desk.unplug('USB');
		await desk.until('missing: no USB');
		assert.equal(keeper.state, 'missing');
		// Long enough for others to be taken, if they were.
		for (let attempts = 0; attempts < 3; attempts++) await once(desk, 'noted');
		desk.devices.set('USB', 'alsa');
		await desk.until('heard 1');
		assert.deepEqual(desk.log, [
			'open USB',
			'heard 1',
			'closed',
			'missing: USB went',
			'missing: no USB',
			'open USB',
			'heard 1',
		]);
		assert.equal(keeper.overruns, 2);
	});

	test('a device that was chosen by its number is found again by its name', async t => {
		const desk = new Desk();
		const requests: (string | undefined)[] = [];
		desk.devices.set('USB', 'alsa');
		const keeper = new MicrophoneKeeper(
			{device: '2'},
			{onOpen() {}, onSamples() {}, async onClosed() {}, onMissing() {}},
			{
				openMicrophone: async ({device: wanted}, listener) => {
					requests.push(wanted);
					if (requests.length === 1) setImmediate(() => listener.onEnd(new Error('went')));
					else desk.emit('noted');
					return {device: device('USB', 'alsa'), sampleRate: 24_000, overruns: 0, nSamples: 0, async close() {}};
				},
				listMicrophones: async () => ({backend: undefined, devices: [], passedOver: []}),
			},
		);
		t.after(() => keeper.close());
		keeper.open();
		await once(desk, 'noted');
		assert.deepEqual(requests, ['2', 'USB']);
	});

	test('when the sound server goes a card is taken, and the choice stays for the next time', async t => {
		const desk = new Desk();
		desk.devices.set('pulse', 'sound-server').set('Card', 'alsa');
		const keeper = desk.keep(t, {device: 'pulse'});
		keeper.open();
		await desk.until('heard 1');
		desk.unplug('pulse');
		await desk.until('missing: pulse went');
		await desk.until('heard 1');
		assert.equal(keeper.microphone?.device.name, 'Card');
		desk.devices.set('pulse', 'sound-server');
		desk.unplug('Card');
		await desk.until('missing: Card went');
		await desk.until('heard 1');
		assert.deepEqual(
			desk.log.filter(line => line.startsWith('open')),
			['open pulse', 'open Card', 'open pulse'],
		);
	});

	test('where the system chose, it chooses again when its device does not come back', async t => {
		const desk = new Desk();
		desk.devices.set('USB', 'alsa').set('Webcam', 'alsa');
		const keeper = desk.keep(t, {});
		keeper.open();
		await desk.until('heard 1');
		desk.unplug('USB');
		await desk.until('missing: USB went');
		await desk.until('heard 1');
		assert.equal(keeper.microphone?.device.name, 'Webcam');
	});

	test('a device that is opened too late is closed unheard, and can be opened anew', async t => {
		const desk = new Desk();
		desk.devices.set('USB', 'alsa');
		let go = () => {};
		desk.opening = new Promise(resolve => {
			go = resolve;
		});
		const keeper = desk.keep(t, {});
		keeper.open();
		await new Promise(resolve => setImmediate(resolve));
		const closed = keeper.close();
		const freed = once(desk, 'freed');
		go();
		await closed;
		assert.deepEqual(await freed, ['USB']);
		assert.deepEqual(desk.log, []);
		keeper.open();
		await desk.until('heard 1');
		desk.hear(5);
		await keeper.close();
		assert.deepEqual(desk.log, ['open USB', 'heard 1', 'heard 5', 'closed']);
	});
});
