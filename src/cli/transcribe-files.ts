import {setMaxListeners} from 'node:events';
import {framesPerCall, type Latency} from '../engine/latency.js';
import type {ExportFormat, TranscriptInfo} from '../session/exports/export-format.js';
import {exportFormats, type FormatName} from '../session/exports/formats.js';
import {segmentJson} from '../session/exports/json.js';
import {safeLine} from '../session/safe-text.js';
import {shortTime} from '../session/time-text.js';
import {type CaptionView, createCaptionView} from '../ui/caption-view.js';
import {type CaptionOutlet, createCaptionOutlet, ReaderGone} from './caption-outlet.js';
import {captionRecording, Interrupted, type RecordingEvent} from './caption-recording.js';
import {accuracyText, type ChosenModel, chooseModel} from './choose-model.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {planOutputs} from './output-plan.js';
import {errorSentence} from './sentence.js';
import {fileWriter, standardOutputWriter, type TranscriptWriter} from './transcript-writer.js';
import {UsageError} from './usage-error.js';

/** The flags of `transcribe`. `output`: a file, or a folder; `rawRate`: of raw PCM on standard input, in Hz; `modelsDir`: where ids are looked up. */
export type TranscribeOptions = {
	format: FormatName;
	/** Whether `format` was asked for, and is not the default. */
	isFormatGiven: boolean;
	output?: string;
	withWords: boolean;
	/** Events on standard output, one JSON object a line. */
	asEvents: boolean;
	model?: string;
	threads?: number;
	latency: Latency;
	rawRate?: number;
	isPaced: boolean;
	modelsDir?: string;
};

/**
 * Captions `files` one after the other; one that fails does not stop the others. Throws `UsageError` for flags that contradict each other, `OutputError` and
 * `EngineError` where nothing can be begun.
 */
export async function transcribeFiles(
	files: readonly string[],
	options: TranscribeOptions,
	host: Host,
): Promise<ExitCode> {
	checkOptions(files, options);
	if (files.includes('-') && host.isStdinTerminal) {
		throw new UsageError('Standard input is the keyboard: pipe a recording into it (`… | pi-caption transcribe -`).');
	}
	const outputs = planOutputs(files, options.output, options.format);
	const model = await chooseModel(options.model, options.modelsDir);

	const isProse = options.output !== undefined || (options.format === 'txt' && !options.withWords);
	const view = createCaptionView(host, {wraps: isProse && !options.asEvents});
	const forget = host.atExit(() => view.close());
	const run: Run = {files, options, model, view, outlet: createCaptionOutlet(view), host};
	const accuracy = accuracyText(model.manifest);
	if (host.stderr.isTTY && model.isEmbedded && accuracy) view.message(`Demo model: ${accuracy}.`);
	try {
		return await transcribeAll(run, outputs);
	} catch (error) {
		// Nobody reads on: that is no failure, and there is nothing to say.
		if (error instanceof ReaderGone) return exitCode.done;
		throw error;
	} finally {
		view.close();
		forget();
	}
}

function checkOptions(files: readonly string[], options: TranscribeOptions): void {
	const {format, output, withWords, asEvents, isFormatGiven, rawRate} = options;
	const {hasWords, together} = exportFormats[format] as ExportFormat;
	if (asEvents && isFormatGiven && output === undefined) {
		throw new UsageError('--json takes the place of --format on standard output: leave one out, or add --output.');
	}
	if (withWords && !hasWords && (!asEvents || output !== undefined)) {
		throw new UsageError(`--words has no place in ${format}: use it with txt, vtt or json.`);
	}
	if (files.length > 1 && !together && output === undefined) {
		throw new UsageError(`A ${format} file holds one recording: give a folder for several with --output FOLDER.`);
	}
	if (files.filter(file => file === '-').length > 1) throw new UsageError('Standard input (-) can be read only once.');
	if (rawRate !== undefined && !files.includes('-')) {
		throw new UsageError('--rate is for raw PCM on standard input: give - as FILE.');
	}
}

/** What all recordings of one command share. */
type Run = {
	files: readonly string[];
	options: TranscribeOptions;
	model: ChosenModel;
	view: CaptionView;
	outlet: CaptionOutlet;
	host: Host;
};

async function transcribeAll(run: Run, outputs: readonly (string | undefined)[]): Promise<ExitCode> {
	const {files, options, model, outlet, host} = run;
	const {together} = exportFormats[options.format] as ExportFormat;
	const shared = files.length > 1 && options.output === undefined && !options.asEvents ? together : undefined;
	if (shared) {
		await outlet.write(shared.begin({title: `${files.length} recordings`, model: modelInfo(model)}));
	}
	// Each recording listens for the interruption in a few places; many recordings do so in turn.
	setMaxListeners(0, host.signal);

	let nBegun = 0;
	let hasFailed = false;
	for (const [i, file] of files.entries()) {
		if (host.signal.aborted) break;
		const beforeFirst = async () => {
			if (shared && nBegun > 0) await outlet.write(shared.between);
			nBegun++;
		};
		const isDone = await transcribeOne(run, {file, output: outputs[i], label: labelOf(files, i), beforeFirst});
		hasFailed ||= !isDone;
	}
	if (shared) await outlet.write(shared.end);
	if (host.signal.aborted) return exitCode.interrupted;
	return hasFailed || outlet.hasFailed ? exitCode.failed : exitCode.done;
}

const labelOf = (files: readonly string[], i: number) =>
	files.length > 1 ? `${safeLine(files[i]!)} (${i + 1} of ${files.length})` : undefined;

const modelInfo = ({manifest}: ChosenModel) => ({name: manifest.name, quantisation: manifest.quantisation});

type One = {
	file: string;
	output: string | undefined;
	label: string | undefined;
	/** Called when the recording is open, before its transcript begins. */
	beforeFirst(): Promise<void>;
};

/** Captions one recording; false when it failed, which it has then said. */
async function transcribeOne(run: Run, {file, output, label, beforeFirst}: One): Promise<boolean> {
	const {options, model, view, host} = run;
	const recording = {
		file,
		engine: {modelDir: model.dir, threads: options.threads, framesPerCall: framesPerCall[options.latency]},
		rawRate: file === '-' ? options.rawRate : undefined,
		isPaced: options.isPaced,
	};

	let writer: TranscriptWriter | undefined;
	let forget = () => {};
	let positionMs = 0;
	let failure: unknown;
	try {
		let beganMs = 0;
		for await (const event of captionRecording(recording, host)) {
			switch (event.type) {
				case 'opened':
					beganMs = performance.now();
					await beforeFirst();
					writer = createWriter(run, output, event.name);
					forget = host.atExit(() => writer?.abandon());
					await writer.begin();
					break;
				case 'warning':
					view.message(event.sentence);
					break;
				case 'partial':
					if (!options.asEvents) view.open(event.segment.text);
					break;
				case 'final':
					view.open('');
					await writer?.caption(event.segment);
					break;
				case 'progress':
					positionMs = event.positionMs;
					view.progress({...event, label, elapsedMs: performance.now() - beganMs});
					break;
			}
			if (options.asEvents) await writeEvent(run, file, event);
		}
	} catch (error) {
		failure = error;
	}
	view.open('');
	view.progress(undefined);
	try {
		return await endOne(run, writer, file, positionMs, failure);
	} finally {
		forget();
	}
}

/** Ends the transcript and says how; false when the recording failed. */
async function endOne(
	{view, host}: Run,
	writer: TranscriptWriter | undefined,
	file: string,
	positionMs: number,
	failure: unknown,
): Promise<boolean> {
	const isInterrupted = host.signal.aborted && (failure === undefined || failure instanceof Interrupted);
	const isReaderGone = failure instanceof ReaderGone;
	const isComplete = failure === undefined && !isInterrupted;
	let kept: string | undefined;
	let ending: unknown;
	try {
		if (isReaderGone) writer?.abandon();
		else kept = await writer?.end({durationMs: positionMs, isComplete});
	} catch (error) {
		ending = error;
	}
	if (isReaderGone || ending instanceof ReaderGone) throw new ReaderGone();

	const sentences: string[] = [];
	if (isInterrupted)
		sentences.push(
			`Interrupted${writer ? ` at ${shortTime(positionMs)} of ${file === '-' ? 'standard input' : file}` : ''}.`,
		);
	else if (failure !== undefined) sentences.push(errorSentence(failure));
	if (ending !== undefined) sentences.push(errorSentence(ending));
	if (kept !== undefined) sentences.push(`What was captioned so far is in ${kept}.`);
	if (sentences.length > 0) view.message(joinSentences(sentences));
	if (host.env.PI_CAPTION_DEBUG === '1' && failure instanceof Error && !isInterrupted) {
		host.stderr.write(`${failure.stack}\n`);
	}
	return isComplete && ending === undefined && writer?.hasFailed !== true;
}

/** As one sentence: what follows from it stands after a semicolon. */
const joinSentences = (sentences: readonly string[]) =>
	sentences
		.map((sentence, i) => (i === 0 ? sentence : sentence.charAt(0).toLowerCase() + sentence.slice(1)))
		.map((sentence, i) => (i === sentences.length - 1 ? sentence : sentence.replace(/\.$/, '')))
		.join('; ');

function createWriter(run: Run, output: string | undefined, sourceName: string): TranscriptWriter {
	const {files, options, model, view, outlet, host} = run;
	const format = exportFormats[options.format] as ExportFormat;
	const info: TranscriptInfo = {title: sourceName, sourceName, model: modelInfo(model)};
	if (output !== undefined) {
		const shows = options.asEvents ? 'none' : host.stdout.isTTY ? 'all' : 'lost';
		return fileWriter(format.create(info, options), output, view, outlet, shows);
	}
	if (options.asEvents) return noWriter;
	const create = files.length > 1 ? format.together!.create : format.create;
	return standardOutputWriter(create(info, options), outlet);
}

/** Where only events are written. */
const noWriter: TranscriptWriter = {
	hasFailed: false,
	async begin() {},
	async caption() {},
	async end() {
		return undefined;
	},
	abandon() {},
};

/** One event as one line of JSON; the recording's name stands in each, so that lines of several can be told apart. */
async function writeEvent({options, outlet}: Run, file: string, event: RecordingEvent): Promise<void> {
	const source = safeLine(file);
	switch (event.type) {
		case 'partial':
		case 'final': {
			const {type, segment} = event;
			const line = JSON.stringify({type, source, ...segmentJson(segment, options.withWords)});
			await outlet.write(`${line}\n`, type === 'final' ? safeLine(segment.text) : '');
			break;
		}
		case 'progress': {
			const {type, positionMs, durationMs, computeMs} = event;
			const rtf = positionMs > 0 ? Number((computeMs / positionMs).toFixed(4)) : null;
			const durations = {
				positionMs: Math.round(positionMs),
				durationMs: durationMs === undefined ? null : Math.round(durationMs),
				computeMs: Math.round(computeMs),
			};
			await outlet.write(`${JSON.stringify({type, source, ...durations, rtf})}\n`);
			break;
		}
	}
}
