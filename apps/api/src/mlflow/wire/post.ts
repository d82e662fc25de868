import { applyDecorators, HttpCode, Post } from '@nestjs/common';

/** A POST that answers 200: MLflow's calls are no creations of resources in the sense of HTTP. */
export const PostOk = (path: string): MethodDecorator => applyDecorators(Post(path), HttpCode(200));
