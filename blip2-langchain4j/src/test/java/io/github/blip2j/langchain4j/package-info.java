@NullMarked
package io.github.blip2j.langchain4j;

import org.jspecify.annotations.NullMarked;
