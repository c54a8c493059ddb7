/** OPT (Zhang et al. 2022), a decoder. */
@NullMarked
package io.github.blip2j.llm.opt;

import org.jspecify.annotations.NullMarked;
