import { z } from 'zod';

/* What the sections of the config's schema are made of. */

export function flag(description: string, missing = false): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(missing).meta({ description });
}

export function text(description: string, missing = ''): z.ZodDefault<z.ZodString> {
  return z.string().default(missing).meta({ description });
}

export function secret(description: string): z.ZodDefault<z.ZodString> {
  return z.string().default('').meta({ description, secret: true });
}

export interface IntegerOptions {
  missing?: number;
  min?: number;
  max?: number;
}

export function integer(description: string, options: IntegerOptions = {}): z.ZodDefault<z.ZodInt> {
  const { missing = 0, min = 0, max } = options;
  const type = z.int().min(min);
  return (max === undefined ? type : type.max(max)).default(missing).meta({ description });
}

/** Marks a key that lal does not have. */
export function extension<T extends z.ZodType>(type: T): T {
  return type.meta({ extension: true });
}

/** A missing section is a section with every key missing. */
export function section<T extends z.ZodRawShape>(
  description: string,
  shape: T,
): z.ZodPrefault<z.ZodObject<T>> {
  return z
    .object(shape)
    .prefault({} as z.core.$InferObjectInput<T, Record<string, never>>)
    .meta({ description });
}

export function hevcForm(
  description: string,
): z.ZodDefault<z.ZodEnum<{ source: 'source'; enhanced: 'enhanced'; legacy: 'legacy' }>> {
  return z.enum(['source', 'enhanced', 'legacy']).default('source').meta({ description });
}
