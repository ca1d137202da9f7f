import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {makeWav} from './make-wav.js';

const sink = 'virtual_microphone';
const socketName = 'native';

/** ALSA with nothing but PulseAudio: PortAudio then finds one device, `default`, and says little. */
const alsaConfig = 'pcm.!default { type pulse }\nctl.!default { type pulse }\n';

/**
 * A microphone without a sound card: a PulseAudio of its own whose null sink is heard through ALSA's `default` device (design §8). Processes that get `env` hear what `play` plays.
 * It glitches on a busy machine: what counts samples uses `file:` microphones.
 */
export class VirtualMicrophone {
	/** Environment of the processes that shall hear it, to be added to theirs. */
	readonly env: Record<string, string>;
	readonly #folder: string;
	#server: ChildProcess | undefined;
	#playing = new Set<ChildProcess>();

	/** Starts the server, with the microphone plugged in. */
	static async start(): Promise<VirtualMicrophone> {
		const microphone = new VirtualMicrophone();
		try {
			await microphone.startServer();
		} catch (error) {
			await microphone.stop();
			throw error;
		}
		return microphone;
	}

	private constructor() {
		this.#folder = mkdtempSync(path.join(os.tmpdir(), 'pcm-'));
		const alsa = path.join(this.#folder, 'asound.conf');
		writeFileSync(alsa, alsaConfig);
		this.env = {
			ALSA_CONFIG_PATH: alsa,
			PULSE_SERVER: `unix:${path.join(this.#folder, socketName)}`,
			PULSE_COOKIE: path.join(this.#folder, 'cookie'),
			// No JACK and no PipeWire of the machine joins in.
			JACK_NO_START_SERVER: '1',
			PIPEWIRE_RUNTIME_DIR: this.#folder,
		};
		process.on('exit', this.#kill);
	}

	/** Starts the sound server again after `killServer`. */
	async startServer(): Promise<void> {
		const socket = path.join(this.#folder, socketName);
		rmSync(socket, {force: true});
		// The socket comes last: when it is there, the microphone is too.
		const modules = [
			`module-null-sink ${sinkArguments}`,
			`module-native-protocol-unix socket=${socket} auth-anonymous=1`,
		];
		const server = spawn(
			'pulseaudio',
			[
				...['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--realtime=no'],
				// Not a pipe: nobody reads it while a test waits for a process.
				`--log-target=file:${path.join(this.#folder, 'log')}`,
				...modules.flatMap(module => ['-L', module]),
			],
			{
				stdio: 'ignore',
				env: {
					PATH: process.env.PATH,
					HOME: this.#folder,
					XDG_RUNTIME_DIR: this.#folder,
					PULSE_RUNTIME_PATH: this.#folder,
					PULSE_STATE_PATH: this.#folder,
					LC_ALL: 'C',
				},
			},
		);
		this.#server = server;
		await new Promise<void>((resolve, reject) => {
			const watcher = watch(this.#folder, () => {
				if (!existsSync(socket)) return;
				watcher.close();
				resolve();
			});
			server.once('error', reject);
			server.once('exit', () => {
				watcher.close();
				const log = path.join(this.#folder, 'log');
				reject(new Error(`PulseAudio ended: ${existsSync(log) ? readFileSync(log, 'utf8') : 'it said nothing'}`));
			});
		});
	}

	/** Ends the sound server as a logout without linger does: at once. */
	async killServer(): Promise<void> {
		const server = this.#server;
		this.#server = undefined;
		if (!server || server.exitCode !== null || server.signalCode !== null) return;
		server.kill('SIGKILL');
		await once(server, 'exit');
	}

	/** Pulls the microphone out. */
	unplug(): void {
		this.#control('unload-module', 'module-null-sink');
	}

	/** Puts the microphone back in. */
	plugIn(): void {
		this.#control('load-module', 'module-null-sink', ...sinkArguments.split(' '));
	}

	/** Plays a WAV file into the microphone; resolves at its end, or when the microphone or the server goes. */
	async play(file: string): Promise<void> {
		const player = spawn('paplay', ['--device', sink, '--client-name=test', file], {
			stdio: 'ignore',
			env: {...process.env, ...this.env},
		});
		this.#playing.add(player);
		await once(player, 'exit');
		this.#playing.delete(player);
	}

	/** Plays a sine of whole hertz into the microphone, for two minutes, and nothing else any more. */
	playSine(frequency: number): void {
		for (const player of this.#playing) player.kill('SIGKILL');
		const file = path.join(this.#folder, `${frequency}.wav`);
		writeFileSync(file, sineWav(frequency));
		void this.play(file);
	}

	/** Ends everything and leaves nothing behind. */
	async stop(): Promise<void> {
		for (const player of this.#playing) player.kill('SIGKILL');
		await this.killServer();
		process.off('exit', this.#kill);
		rmSync(this.#folder, {recursive: true, force: true});
	}

	#control(...args: string[]): void {
		const {status, stderr} = spawnSync('pactl', args, {env: {...process.env, ...this.env}, encoding: 'utf8'});
		if (status !== 0) throw new Error(`pactl ${args.join(' ')}: ${stderr}`);
	}

	readonly #kill = () => {
		for (const player of this.#playing) player.kill('SIGKILL');
		this.#server?.kill('SIGKILL');
	};
}

const rate = 48_000;
const sinkArguments = `sink_name=${sink} rate=${rate} channels=2 channel_map=front-left,front-right`;

/** Two minutes of a sine at half of full scale: a second again and again. */
function sineWav(frequency: number): Buffer {
	const second = Int16Array.from({length: rate}, (_, i) =>
		Math.round(0x4000 * Math.sin((2 * Math.PI * frequency * i) / rate)),
	);
	return makeWav({rate, data: Buffer.concat(Array.from({length: 120}, () => Buffer.from(second.buffer)))});
}
