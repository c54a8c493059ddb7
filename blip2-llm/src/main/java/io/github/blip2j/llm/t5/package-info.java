/** T5 (Raffel et al. 2020), an encoder and a decoder. */
@NullMarked
package io.github.blip2j.llm.t5;

import org.jspecify.annotations.NullMarked;
