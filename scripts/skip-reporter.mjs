// Names every skipped test with its reason, a line each: `name: reason`.
export default async function* skipReporter(events) {
	for await (const {data} of events) {
		if (data?.skip !== undefined && data.skip !== false) yield `${data.name}: ${data.skip}\n`;
	}
}
