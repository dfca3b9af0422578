import { answer, contestantOptions } from '../child.ts';
import { type PagesHistoryOptions, writePagesHistory } from '../pages-history.ts';

writePagesHistory(contestantOptions<PagesHistoryOptions>());
answer({});
