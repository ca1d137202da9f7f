import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';

/** What the hub was asked. */
export type Asked = {path: string; range: string | undefined; ifRange: string | undefined};

/** Answers a request itself and returns true, or leaves it to the hub. `bytes` is the file, `from` where it should begin. */
export type Fault = (
	request: IncomingMessage,
	response: ServerResponse,
	file: {name: string; bytes: Buffer; from: number; nth: number},
) => boolean;

/** A hub on this machine. */
export type Hub = {
	url: string;
	asked: Asked[];
	fault: Fault | undefined;
	/** Resolves when something was asked for which `is` holds. */
	isAsked(is: (asked: Asked) => boolean): Promise<void>;
	close(): void;
};

/** Serves the files in `folder` as the hub does: `/<owner>/<name>/resolve/<revision>/<file>` redirects to where the file is, which knows ranges and tags. */
export async function startHub(t: {after(action: () => void): void}, folder: string): Promise<Hub> {
	const counts = new Map<string, number>();
	const watchers = new Set<() => void>();
	const server = createServer((request, response) => {
		const url = new URL(request.url!, 'http://localhost');
		const parts = url.pathname.split('/').map(decodeURIComponent);
		hub.asked.push({
			path: url.pathname,
			range: request.headers.range,
			ifRange: request.headers['if-range'] as string | undefined,
		});
		for (const watch of watchers) watch();
		const name = parts.at(-1)!;
		let bytes: Buffer;
		try {
			bytes = readFileSync(path.join(folder, name));
		} catch {
			response.writeHead(404).end('Entry not found');
			return;
		}
		if (parts[3] === 'resolve') {
			response.writeHead(302, {location: `/cdn/${encodeURIComponent(name)}?signed=1`}).end();
			return;
		}
		const nth = (counts.get(name) ?? 0) + 1;
		counts.set(name, nth);
		const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
		const asksRest = request.headers.range && [undefined, etag].includes(request.headers['if-range'] as string);
		const from = asksRest ? Number(/^bytes=(\d+)-$/.exec(request.headers.range!)![1]) : 0;
		if (hub.fault?.(request, response, {name, bytes, from, nth})) return;
		if (from >= bytes.length && from > 0) {
			response.writeHead(416).end();
			return;
		}
		const rest = {'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`};
		response.writeHead(asksRest ? 206 : 200, {etag, 'content-length': bytes.length - from, ...(asksRest ? rest : {})});
		response.end(bytes.subarray(from));
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const close = () => {
		server.closeAllConnections();
		server.close();
	};
	const hub: Hub = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked: [],
		fault: undefined,
		isAsked: is =>
			new Promise(resolve => {
				const watch = () => {
					if (hub.asked.some(is)) resolve();
				};
				watchers.add(watch);
				watch();
			}),
		close,
	};
	t.after(close);
	return hub;
}

/** sha256 of `bytes`, in hex. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
