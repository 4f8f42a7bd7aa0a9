// Where the issuer keeps sessions, sign-ins under way and codes: in the process, as long as they are good. The package's own store
// for tests belongs to one provider, and the issuer makes another when it changes its key.

const PRUNED_AT = 10_000;

/** The store as `oidc-provider` wants it: a function from the name of a kind to where things of this kind are. */
export function memoryStore() {
  const kept = new Map();

  function get(key) {
    const found = kept.get(key);
    if (found && found.until > Date.now()) return found.payload;
    kept.delete(key);
    return undefined;
  }

  return (kind) => {
    const keyOf = (id) => `${kind}:${id}`;
    return {
      async upsert(id, payload, seconds = Infinity) {
        if (kept.size >= PRUNED_AT) [...kept.keys()].forEach(get);
        kept.set(keyOf(id), { payload, until: Date.now() + seconds * 1000 });
      },
      async find(id) {
        return get(keyOf(id));
      },
      async findByUid(uid) {
        for (const [key, { payload }] of kept) if (key.startsWith(`${kind}:`) && payload.uid === uid) return get(key);
        return undefined;
      },
      async consume(id) {
        const payload = get(keyOf(id));
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id) {
        kept.delete(keyOf(id));
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of kept) if (payload.grantId === grantId) kept.delete(key);
      },
    };
  };
}
