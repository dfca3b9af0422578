import { answer, contestantOptions } from '../child.ts';
import { type HistoryOptions, writeHistory } from '../history.ts';

writeHistory(contestantOptions<HistoryOptions>());
answer({});
