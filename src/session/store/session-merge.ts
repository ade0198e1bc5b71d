type Json = unknown;
type JsonObject = Record<string, Json>;

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isArray = (value: Json): value is Json[] => Array.isArray(value);

const own = (object: JsonObject, key: string): Json => (Object.hasOwn(object, key) ? object[key] : undefined);

// Assignment would run the setter of `__proto__`; defining the property never does.
const define = (object: JsonObject, key: string, value: Json) =>
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });

/** Whether two JSON values are the same. */
export function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

const extendsArray = (whole: Json[], start: Json[]) =>
  whole.length >= start.length && start.every((item, i) => sameJson(item, whole[i]));

// A request that saves twice began, the second time, from its own list; what is stored holds that with the items of
// others in between.
function keepsInOrder(whole: Json[], items: Json[]): boolean {
  let found = 0;
  for (const item of whole) if (found < items.length && sameJson(item, items[found])) found += 1;
  return found === items.length;
}

/**
 * Brings two changes of the same JSON together: per key, recursively in plain objects. Where both changed the same
 * value, two arrays that both only add to the base keep what both added; anything else takes `mine` and is counted.
 * The inputs are not changed; `__proto__` is dropped.
 *
 * @param base what both started from
 * @param mine what this request wants
 * @param theirs what is stored now
 * @param onConflict called for every value that both changed and of which one is lost
 */
export function mergeThreeWay(
  base: Json,
  mine: Json,
  theirs: Json,
  onConflict: () => void = () => undefined,
): Json {
  if (sameJson(mine, base)) return theirs;
  if (sameJson(theirs, base) || sameJson(mine, theirs)) return mine;
  if (isObject(mine) && isObject(theirs)) {
    const from = isObject(base) ? base : {};
    const merged: JsonObject = {};
    for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      if (key === '__proto__') continue;
      const value = mergeThreeWay(own(from, key), own(mine, key), own(theirs, key), onConflict);
      if (value !== undefined) define(merged, key, value);
    }
    return merged;
  }
  if (isArray(mine) && isArray(theirs)) {
    const start = isArray(base) ? base : [];
    if (extendsArray(mine, start) && keepsInOrder(theirs, start))
      return [...theirs, ...mine.slice(start.length)];
  }
  onConflict();
  return mine;
}

/** Merges the data of a session; what stands under a protected key (the login itself) is always theirs. */
export function mergeSessionData(
  base: JsonObject,
  mine: JsonObject,
  theirs: JsonObject,
  protectedKeys: readonly string[],
  onConflict: () => void,
): JsonObject {
  const merged = mergeThreeWay(base, mine, theirs, onConflict) as JsonObject;
  const result: JsonObject = {};
  for (const key of Object.keys(merged)) if (!protectedKeys.includes(key)) define(result, key, merged[key]);
  for (const key of protectedKeys) if (Object.hasOwn(theirs, key)) define(result, key, theirs[key]);
  return result;
}
