import {ModelError} from './model-error.js';

/** Where models come from, unless the user says otherwise. */
export const hubUrl = 'https://huggingface.co';

const maxRedirects = 10;

/**
 * `base` as a place to download from. Throws `ModelError` where it is not `https`; `http` is for this machine itself.
 */
export function checkBaseUrl(base: string): URL {
	let url: URL;
	try {
		url = new URL(base.endsWith('/') ? base : `${base}/`);
	} catch (error) {
		throw new ModelError('bad-download', `${base} is no URL: give one as ${hubUrl}.`, {cause: error});
	}
	checkUrl(url);
	return url;
}

/** URL of a file as the hub serves it: `<base>/<repository>/resolve/<revision>/<name>`. */
export const fileUrl = (base: URL, repository: string, revision: string, name: string): URL =>
	new URL(`${repository}/resolve/${revision}/${encodeURIComponent(name)}`, base);

/**
 * Asks for `url` and follows redirects, each of them checked: https never becomes http, and http stays on this machine. `headers` go along. Throws `ModelError` for a redirect
 * that may not be followed, and what `fetch` throws.
 */
export async function requestFile(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
	let current = url;
	for (let redirects = 0; redirects <= maxRedirects; redirects++) {
		const response = await fetch(current, {
			// A compressed body would have another length than the file.
			headers: {...headers, 'accept-encoding': 'identity', 'user-agent': 'pi-caption'},
			redirect: 'manual',
			signal,
		});
		if (![301, 302, 303, 307, 308].includes(response.status)) return response;
		await response.body?.cancel();
		current = redirectTarget(current, response.headers.get('location'));
	}
	throw new ModelError('bad-download', `${url.host} redirects more than ${maxRedirects} times.`);
}

function redirectTarget(from: URL, location: string | null): URL {
	let target: URL;
	try {
		target = new URL(location ?? '', from);
	} catch (error) {
		throw new ModelError('bad-download', `${from.host} redirects to something that is no URL.`, {cause: error});
	}
	if (from.protocol === 'https:' && target.protocol !== 'https:') {
		throw new ModelError('bad-download', `${from.host} redirects from https to ${target.protocol}//: refused.`);
	}
	checkUrl(target);
	return target;
}

function checkUrl(url: URL): void {
	if (url.username !== '' || url.password !== '') {
		throw new ModelError('bad-download', `The address of ${url.host} has a user name in it: refused.`);
	}
	if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return;
	throw new ModelError('bad-download', `${url.protocol}//${url.host} is refused: models are fetched by https alone.`);
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
