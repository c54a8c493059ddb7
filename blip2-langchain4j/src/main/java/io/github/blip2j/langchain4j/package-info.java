/** Models for LangChain4j, in the process of the application. */
@NullMarked
package io.github.blip2j.langchain4j;

import org.jspecify.annotations.NullMarked;
