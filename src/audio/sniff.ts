/** What a file is, told by its first bytes; never by its name. `ffmpeg` names the demuxer that reads it. */
export type Container =
	| {kind: 'wav'}
	| {kind: 'flac'}
	| {kind: 'mp3'}
	| {kind: 'ogg-vorbis'}
	| {kind: 'ogg-opus'}
	| {kind: 'ffmpeg'; demuxer: string}
	| {kind: 'text'}
	| {kind: 'unknown'};

/** How many bytes `sniff` wants to see, if there are as many. */
export const sniffBytes = 1 << 16;

/** Containers whose mark stands at a fixed place, for ffmpeg's demuxers: none of them names other files. */
const ffmpegMarks: {at: number; mark: string; demuxer: string}[] = [
	{at: 4, mark: 'ftyp', demuxer: 'mov'},
	{at: 0, mark: '\x1aE\xdf\xa3', demuxer: 'matroska'},
	{at: 8, mark: 'AIFF', demuxer: 'aiff'},
	{at: 8, mark: 'AIFC', demuxer: 'aiff'},
	{at: 8, mark: 'AVI ', demuxer: 'avi'},
	{at: 0, mark: 'caff', demuxer: 'caf'},
	{at: 0, mark: '0&\xb2u\x8ef\xcf\x11', demuxer: 'asf'},
	{at: 0, mark: '#!AMR', demuxer: 'amr'},
	{at: 0, mark: '.snd', demuxer: 'au'},
];

/** The container of a file that begins with `bytes`. */
export function sniff(bytes: Uint8Array): Container {
	const has = (at: number, mark: string) => latin1(bytes.subarray(at, at + mark.length)) === mark;
	if (['RIFF', 'RF64', 'BW64'].some(mark => has(0, mark)) && has(8, 'WAVE')) return {kind: 'wav'};
	if (has(0, 'fLaC')) return {kind: 'flac'};
	if (has(0, 'OggS')) return sniffOgg(latin1(bytes.subarray(0, 512)));
	const marked = ffmpegMarks.find(({at, mark}) => has(at, mark));
	if (marked) return {kind: 'ffmpeg', demuxer: marked.demuxer};
	if (has(0, 'ID3') && bytes.length >= 10) return {kind: 'mp3'};
	if (isText(bytes)) return {kind: 'text'};
	return findFrames(bytes) ?? {kind: 'unknown'};
}

function sniffOgg(page: string): Container {
	if (page.includes('OpusHead')) return {kind: 'ogg-opus'};
	if (page.includes('\x7fFLAC')) return {kind: 'flac'};
	if (page.includes('\x01vorbis')) return {kind: 'ogg-vorbis'};
	return {kind: 'ffmpeg', demuxer: 'ogg'};
}

/**
 * MPEG audio and ADTS have no mark, only a frame's first bits, which any noise has now and then: frames in a row whose headers agree are taken for
 * it, three of them or as many as there are to the end of a short file.
 */
function findFrames(bytes: Uint8Array): Container | undefined {
	for (let at = 0; at + 4 <= bytes.length; at++) {
		if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) continue;
		if (startsFrames(bytes, at, mpegFrameLength)) return {kind: 'mp3'};
		if (startsFrames(bytes, at, adtsFrameLength)) return {kind: 'ffmpeg', demuxer: 'aac'};
	}
	return undefined;
}

const framesInARow = 3;

function startsFrames(bytes: Uint8Array, start: number, frameLength: typeof mpegFrameLength): boolean {
	let at = start;
	for (let frame = 0; frame < framesInARow; frame++) {
		if (frame > 1 && at === bytes.length) return true;
		// Version, layer and protection stay the same from frame to frame, and so does the rate.
		const agrees = bytes[at + 1] === bytes[start + 1] && ((bytes[at + 2] ?? 0) & 0x0c) === (bytes[start + 2]! & 0x0c);
		const length = agrees ? frameLength(bytes, at) : undefined;
		if (length === undefined) return false;
		at += length;
	}
	return true;
}

const kilobits = {
	version1: [
		[32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
		[32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
		[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
	],
	version2: [
		[32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
		[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
		[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
	],
};

/** Length of the MPEG audio frame (layers I–III) at `at`, undefined where there is none. ISO/IEC 11172-3 §2.4.2.3. */
function mpegFrameLength(bytes: Uint8Array, at: number): number | undefined {
	if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return undefined;
	const version = (bytes[at + 1]! >> 3) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	const layer = 4 - ((bytes[at + 1]! >> 1) & 3);
	const rateIndex = (bytes[at + 2]! >> 2) & 3;
	const bitrateIndex = bytes[at + 2]! >> 4;
	if (version === 1 || layer === 4 || rateIndex === 3 || bitrateIndex === 0 || bitrateIndex === 15) return undefined;
	const isVersion1 = version === 3;
	const bitrate = 1000 * kilobits[isVersion1 ? 'version1' : 'version2'][layer - 1]![bitrateIndex - 1]!;
	const rate = [44_100, 48_000, 32_000][rateIndex]! / (isVersion1 ? 1 : version === 2 ? 2 : 4);
	const padding = (bytes[at + 2]! >> 1) & 1;
	if (layer === 1) return (Math.floor((12 * bitrate) / rate) + padding) * 4;
	const samplesPerByte = layer === 3 && !isVersion1 ? 72 : 144;
	return Math.floor((samplesPerByte * bitrate) / rate) + padding;
}

/** Length of the ADTS frame (raw AAC) at `at`, undefined where there is none. ISO/IEC 13818-7 §6.2. */
function adtsFrameLength(bytes: Uint8Array, at: number): number | undefined {
	if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return undefined;
	const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
	return length >= 7 ? length : undefined;
}

/** Whether the first bytes are printable: a playlist, a transcript, a web page that was saved instead of a recording. */
function isText(bytes: Uint8Array): boolean {
	const start = bytes.subarray(0, 512);
	return start.length > 0 && start.every(byte => byte >= 32 || (byte >= 9 && byte <= 13));
}

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);
