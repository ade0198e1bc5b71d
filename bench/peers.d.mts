// What is installed by the bench only, so that this folder can be checked before that.
declare module '@fastify/cookie';
declare module '@fastify/session';
declare module 'better-auth';
declare module 'better-auth/adapters/memory';
declare module 'better-auth/node';
declare module 'fastify';
