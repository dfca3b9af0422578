/** One who hears what the live feed brings. */
export interface FeedListener<News> {
  /** Called synchronously and in the log's order. */
  hear(news: News): void;
  /** Called instead, once, where nothing more is to be heard: the group is halted, or `hear` has thrown. */
  fail(error: unknown): void;
}

/** Listeners by what they are interested in: an event costs what its own listeners cost, however many others there are. */
export interface FeedListeners<News> {
  /** Until the returned function is called. */
  add(key: string, listener: FeedListener<News>): () => void;
  tell(key: string, news: News): void;
  /** The key's listeners are told why they hear nothing more, and are let go. */
  failAll(key: string, error: unknown): void;
  count(): number;
}

export function createFeedListeners<News>(): FeedListeners<News> {
  const byKey = new Map<string, Set<FeedListener<News>>>();
  let count = 0;

  function remove(key: string, listener: FeedListener<News>): void {
    const listeners = byKey.get(key);
    if (!listeners?.delete(listener)) return;
    count -= 1;
    if (listeners.size === 0) byKey.delete(key);
  }

  function fail(key: string, listener: FeedListener<News>, error: unknown): void {
    remove(key, listener);
    try {
      listener.fail(error);
    } catch {
      // It is let go already, and it is the only one whom this concerns: there is nobody else to tell.
    }
  }

  return {
    add(key, listener) {
      const listeners = byKey.get(key) ?? new Set();
      byKey.set(key, listeners);
      if (!listeners.has(listener)) count += 1;
      listeners.add(listener);
      return () => remove(key, listener);
    },
    tell(key, news) {
      for (const listener of byKey.get(key) ?? []) {
        try {
          listener.hear(news);
        } catch (error) {
          fail(key, listener, error);
        }
      }
    },
    failAll(key, error) {
      for (const listener of [...(byKey.get(key) ?? [])]) fail(key, listener, error);
    },
    count: () => count,
  };
}
