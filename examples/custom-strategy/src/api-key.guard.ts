import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { ProblemException } from 'latchkey';

/** Lets in who has a key, and answers everybody else as a wrong password is answered. */
@Injectable()
export class ApiKeyGuard extends AuthGuard('api-key') {
  override handleRequest<T>(error: Error | null, program: T | false): T {
    if (error) throw error;
    if (!program) throw new ProblemException('INVALID_CREDENTIALS');
    return program;
  }
}
