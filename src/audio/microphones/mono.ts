import {AudioError} from '../audio-error.js';
import type {MicrophoneDevice} from '../microphone.js';

/** Native code's bytes as samples, 16 bits little-endian, in memory of their own. */
export function int16Of(bytes: Uint8Array): Int16Array<ArrayBuffer> {
	const own = new Uint8Array(bytes.length - (bytes.length % 2));
	own.set(bytes.subarray(0, own.length));
	return new Int16Array(own.buffer);
}

/** One channel (from 1 on) or the rounded mean of all, of frames of `channels` samples each; `frames` itself where it has one channel. */
export function toMono(
	frames: Int16Array<ArrayBuffer>,
	channels: number,
	channel: number | 'mix',
): Int16Array<ArrayBuffer> {
	if (channels === 1) return frames;
	const mono = new Int16Array(Math.floor(frames.length / channels));
	if (channel !== 'mix') {
		for (let i = 0, at = channel - 1; i < mono.length; i++, at += channels) mono[i] = frames[at]!;
		return mono;
	}
	for (let i = 0, at = 0; i < mono.length; i++) {
		let sum = 0;
		for (const end = at + channels; at < end; at++) sum += frames[at]!;
		mono[i] = Math.round(sum / channels);
	}
	return mono;
}

/** Microphone arrays have up to eight channels. What claims more is a virtual device, which mixes by itself when it is opened with one. */
const mostMixed = 8;

/** How many channels to open a device with, the wanted one included. A sound server mixes better than a mean of what it makes of one channel. Throws `AudioError`. */
export function channelsToOpen(device: MicrophoneDevice, channel: number | 'mix'): number {
	if (channel === 'mix') return device.route === 'alsa' && device.channels <= mostMixed ? device.channels : 1;
	if (Number.isInteger(channel) && channel >= 1 && channel <= device.channels) return channel;
	const choice = device.channels === 1 ? 'it has one' : `choose one from 1 to ${device.channels}, or mix`;
	throw new AudioError('device-refused', `${device.name} has no channel ${channel}: ${choice}.`);
}
