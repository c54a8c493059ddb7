package io.github.blip2j.examples.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** An application that captions pictures and answers questions about them. */
@SpringBootApplication(proxyBeanMethods = false)
public class PicturesApplication {

  /** Starts it on the loopback address. */
  public static void main(String[] args) {
    SpringApplication.run(PicturesApplication.class, args);
  }
}
