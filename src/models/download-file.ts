import {createHash, type Hash} from 'node:crypto';
import {type FileHandle, open, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {sha256OfFile} from '../engine/model-package.js';
import {syncFolder} from '../system/sync-folder.js';
import {requestFile} from './hub-request.js';
import {ModelError} from './model-error.js';

/** One file to fetch. Without `sha256` only its size is known, and it is never gone on with. */
export type Download = {url: URL; file: string; size: number; sha256?: string};

/** How it is fetched, and what is told about it. */
export type DownloadOptions = {
	signal?: AbortSignal;
	/** Called with the bytes of the file that are here. */
	onProgress?: (receivedBytes: number) => void;
	/** Called before a pause, with its reason in half a sentence. */
	onRetry?: (reason: string, pauseMs: number) => void;
	/** Longest silence of the server, first pause after a failure (doubled each time), and failures in a row before it is given up. */
	stallMs?: number;
	firstPauseMs?: number;
	maxFailures?: number;
};

const longestPauseMs = 60_000;
/** A server may ask for patience, not for a night. */
const longestRetryAfterMs = 600_000;

/**
 * Fetches one file. Until its size and sha256 were found right it is called `<name>.partial`, and a later call goes on where this one was cut. Failures that may pass are tried
 * again, with pauses. Throws `ModelError` for what will not pass and for what did not; the signal's reason when that aborts.
 */
export async function downloadFile(download: Download, options: DownloadOptions = {}): Promise<void> {
	const {signal, onRetry, firstPauseMs = 1000, maxFailures = 6} = options;
	if (await isThere(download)) {
		options.onProgress?.(download.size);
		return;
	}
	for (let failures = 0; ; ) {
		const before = await partialBytes(download);
		try {
			await attempt(download, options);
			return;
		} catch (error) {
			signal?.throwIfAborted();
			const passing = passingFailure(error);
			if (!passing) throw error;
			failures = (await partialBytes(download)) > before ? 1 : failures + 1;
			if (failures >= maxFailures) throw givenUp(download, passing.message, failures, error);
			const pauseMs = passing.retryAfterMs ?? Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
			onRetry?.(passing.message, pauseMs);
			await sleep(pauseMs, undefined, {signal});
		}
	}
}

/** A failure that may pass. */
class PassingFailure extends Error {
	constructor(
		message: string,
		readonly retryAfterMs?: number,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}

async function attempt(download: Download, options: DownloadOptions): Promise<void> {
	const {signal, stallMs = 30_000, onProgress} = options;
	const {url, file, size} = download;
	const stall = new AbortController();
	let timer: NodeJS.Timeout | undefined;
	const moved = () => {
		clearTimeout(timer);
		timer = setTimeout(() => stall.abort(new PassingFailure('the server fell silent')), stallMs);
	};
	moved();
	const both = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
	const partial = await PartialFile.open(download);
	try {
		const response = await requestFile(url, partial.requestHeaders(), both);
		const isRest = await checkResponse(response, download, partial);
		if (!isRest) await partial.restart(response.headers.get('etag'));
		onProgress?.(partial.bytes);
		for await (const piece of response.body ?? []) {
			moved();
			if (partial.bytes + piece.length > size) throw await partial.refuse(`has more than ${size} bytes`);
			await partial.append(piece);
			onProgress?.(partial.bytes);
		}
		if (partial.bytes < size) throw new PassingFailure('the connection was cut');
		await partial.finish(isRest);
	} catch (error) {
		throw stall.signal.aborted ? stall.signal.reason : error;
	} finally {
		clearTimeout(timer);
		// Whatever is left of the answer is not wanted any more.
		stall.abort();
		await partial.close();
	}
	await rename(partialName(file), file);
	await rm(etagName(file), {force: true});
	await syncFolder(path.dirname(file));
}

/** True where `response` is the rest of `partial`, false where it is the whole file. Throws where it is neither. */
async function checkResponse(response: Response, download: Download, partial: PartialFile): Promise<boolean> {
	const {url, size} = download;
	const {status} = response;
	if (status === 429 || status >= 500) {
		throw new PassingFailure(`${url.host} answers ${status}`, retryAfterMs(response.headers.get('retry-after')));
	}
	if (status === 416) {
		await partial.restart(null);
		throw new PassingFailure(`${url.host} does not have the rest that was asked for`);
	}
	if (status !== 200 && status !== 206) {
		const hint = status === 401 || status === 403 ? ', which wants a login' : '';
		throw new ModelError(
			'bad-download',
			`${url.href} is not to be had (${status}${hint}): try again later, or say where else with --base-url.`,
		);
	}
	const isRest = status === 206;
	const wanted = isRest ? size - partial.bytes : size;
	if (isRest && contentStart(response) !== partial.bytes) {
		await partial.restart(null);
		throw new PassingFailure(`${url.host} sent another part than was asked for`);
	}
	const length = response.headers.get('content-length');
	if (length !== null && Number(length) !== wanted) {
		throw await partial.refuse(`should have ${size} bytes and has ${Number(length) + (isRest ? partial.bytes : 0)}`);
	}
	return isRest;
}

const contentStart = (response: Response) =>
	Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);

/** The file while it is not complete, and the hash of what is in it. */
class PartialFile {
	#hash: Hash = createHash('sha256');

	private constructor(
		private readonly download: Download,
		private readonly handle: FileHandle,
		/** How long it is. */
		public bytes: number,
		private readonly etag: string | undefined,
	) {}

	static async open(download: Download): Promise<PartialFile> {
		const {file, size, sha256} = download;
		// Nothing but a plain file of ours is gone on with.
		const handle = await open(partialName(file), 'a+', 0o600);
		const found = await handle.stat();
		const canGoOn = sha256 !== undefined && found.isFile() && found.size < size;
		const partial = new PartialFile(download, handle, 0, await readFile(etagName(file), 'utf8').catch(() => undefined));
		if (!canGoOn) await handle.truncate(0);
		else await partial.#takeIn(found.size);
		return partial;
	}

	/** What is here already counts for the hash. */
	async #takeIn(size: number): Promise<void> {
		const buffer = Buffer.allocUnsafeSlow(1 << 18);
		while (this.bytes < size) {
			const {bytesRead} = await this.handle.read(buffer, 0, buffer.length, this.bytes);
			if (bytesRead === 0) throw new PassingFailure('the file became shorter while it was read');
			this.#hash.update(buffer.subarray(0, bytesRead));
			this.bytes += bytesRead;
		}
	}

	/** Asks for the rest, as long as it is the rest of the same file. A weak tag cannot tell. */
	requestHeaders(): Record<string, string> {
		if (this.bytes === 0) return {};
		const isStrong = this.etag?.startsWith('"');
		return {range: `bytes=${this.bytes}-`, ...(isStrong ? {'if-range': this.etag!} : {})};
	}

	async restart(etag: string | null): Promise<void> {
		await this.handle.truncate(0);
		this.bytes = 0;
		this.#hash = createHash('sha256');
		await rm(etagName(this.download.file), {force: true});
		if (etag && etag.length < 1000) await writeFile(etagName(this.download.file), etag, {mode: 0o600});
	}

	async append(piece: Uint8Array): Promise<void> {
		for (let written = 0; written < piece.length; ) {
			written += (await this.handle.write(piece, written, piece.length - written)).bytesWritten;
		}
		this.#hash.update(piece);
		this.bytes += piece.length;
	}

	/** Checks what is here and puts it on the disk. `isRest`: it came in more than one piece, of which an earlier one may be the bad one. */
	async finish(isRest: boolean): Promise<void> {
		const {sha256} = this.download;
		if (sha256 !== undefined && this.#hash.digest('hex') !== sha256) {
			const refusal = await this.refuse('has another sha256 than the catalogue says');
			throw isRest ? new PassingFailure('the pieces do not make the file', 0, {cause: refusal}) : refusal;
		}
		await this.handle.sync();
	}

	/** Empties the file: nobody goes on with what is wrong. */
	async refuse(what: string): Promise<ModelError> {
		await this.handle.truncate(0);
		await rm(partialName(this.download.file), {force: true});
		await rm(etagName(this.download.file), {force: true});
		return new ModelError(
			'bad-download',
			`${this.download.url.href} ${what}: it is not the file that was published, and was thrown away.`,
		);
	}

	close(): Promise<void> {
		return this.handle.close();
	}
}

const partialName = (file: string) => `${file}.partial`;
const etagName = (file: string) => `${file}.etag`;

async function partialBytes({file}: Download): Promise<number> {
	return stat(partialName(file)).then(
		({size}) => size,
		() => 0,
	);
}

/** Whether an earlier call got the file: it is looked at again, whatever may have happened to it since. */
async function isThere({file, size, sha256}: Download): Promise<boolean> {
	const found = await stat(file).catch(() => undefined);
	if (!found) return false;
	if (found.isFile() && found.size === size && (!sha256 || (await sha256OfFile(file)) === sha256)) return true;
	await rm(file, {recursive: true});
	return false;
}

/** Seconds or a date, as HTTP has it. */
function retryAfterMs(header: string | null): number | undefined {
	if (header === null) return undefined;
	const ms = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
	return Number.isFinite(ms) ? Math.min(longestRetryAfterMs, Math.max(0, ms)) : undefined;
}

/** What a certificate is refused for does not pass. */
const lastingCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** `error` as one that may pass: of the network, not of the disk or the file. */
function passingFailure(error: unknown): PassingFailure | undefined {
	if (error instanceof PassingFailure) return error;
	if (!(error instanceof TypeError)) return undefined;
	const {code, message} = (error.cause ?? error) as NodeJS.ErrnoException;
	if (code && lastingCodes.test(code)) return undefined;
	return new PassingFailure(networkReasons[code ?? ''] ?? message, undefined, {cause: error});
}

const networkReasons: Record<string, string> = {
	EAI_AGAIN: 'the name of the server cannot be looked up',
	ECONNREFUSED: 'the server refuses the connection',
	ECONNRESET: 'the connection was cut',
	ENETUNREACH: 'there is no network',
	ENOTFOUND: 'the name of the server is unknown',
	UND_ERR_CONNECT_TIMEOUT: 'the server does not answer',
	UND_ERR_SOCKET: 'the connection was cut',
};

const givenUp = ({url}: Download, reason: string, failures: number, cause: unknown) =>
	new ModelError(
		'network',
		`${url.host}: ${reason}, ${failures} times in a row; run the same command again to go on where it stopped.`,
		{cause},
	);
