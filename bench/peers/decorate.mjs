/**
 * Applies decorators as TypeScript's compiler would; these files are plain JavaScript.
 *
 * @param {any} type a class
 * @param {ClassDecorator[]} ofClass
 * @param {Record<string, (MethodDecorator | ParameterDecorators)[]>} [ofMethods] by the method's name
 * @param {unknown[]} [parameters] types of the constructor's parameters, which Nest injects
 */
export function decorate(type, ofClass, ofMethods = {}, parameters) {
  if (parameters) Reflect.defineMetadata('design:paramtypes', parameters, type);
  for (const [name, decorators] of Object.entries(ofMethods)) {
    const descriptor = /** @type {PropertyDescriptor} */ (
      Object.getOwnPropertyDescriptor(type.prototype, name)
    );
    for (const decorator of decorators) {
      if (Array.isArray(decorator)) decorator.forEach((one, index) => one(type.prototype, name, index));
      else decorator(type.prototype, name, descriptor);
    }
  }
  for (const decorator of ofClass) decorator(type);
}

/** @typedef {ParameterDecorator[]} ParameterDecorators one for each parameter, in their order */
