/** Tests of the language models. */
@NullMarked
package io.github.blip2j.llm;

import org.jspecify.annotations.NullMarked;
